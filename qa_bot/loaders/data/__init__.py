"""Data files (.json, .jsonl, .yaml, .xml) → ``Document``: a path in the data is a section.

``tree.py`` writes what ``json_files.py`` and ``xml_files.py`` read; ``yaml_files.py`` keeps the
file as it stands, with its comments.
"""
