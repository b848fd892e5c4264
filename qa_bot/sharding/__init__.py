"""An index in shards: documents dealt to ordinary indexes, which are asked together.

In: a folder of documents, or of shards. Out: a ``ShardedIndex``, which answers like one index.
"""
