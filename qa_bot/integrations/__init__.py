"""qa_bot's passages inside other people's frameworks, each a module and an optional extra.

In flows an open index, out flow the framework's own documents, with where each of them stands.
"""
