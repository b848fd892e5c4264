"""One server for people, programs and agents: the chat's page, the HTTP API and MCP.

In flow questions, quotes to verify, log-ins; out flow the records of an index as JSON, pages and
errors as problem details. Read ``server`` first, then ``api``.
"""
