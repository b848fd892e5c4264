"""documents/ → index: what changed is read, cut into passages, embedded, stored and published.

In: a folder of files. Out: a new build in ``store`` and a ``Receipt``. Read ``build.py`` first:
one build from lock to receipt; ``passages.py`` says where a document is cut.
"""
