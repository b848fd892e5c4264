"""Marked-up text other than Markdown and HTML → ``Document``: Org, AsciiDoc, LaTeX.

Nothing that a file would include is read, and none of its commands runs.
"""
