"""An index on disk: SQLite, the only truth, with FAISS and tantivy as caches.

In: documents, passages and vectors from ``building``. Out: an ``Index``, a snapshot of one build.
Read ``opening.py`` first, then ``schema.py``: what is stored.
"""
