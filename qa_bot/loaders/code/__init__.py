"""Source code → ``Document``: quoted as it stands, functions and classes are sections.

``load.py`` lays it out; ``definitions.py`` finds what is defined, Python's by its own parser.
"""
