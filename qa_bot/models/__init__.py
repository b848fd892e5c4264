"""What is learned: the embedding model, the reader, other people's readers, their weights.

In: texts. Out: vectors and ``Reading``s. Read ``embedding.py`` (the ``Embedder`` protocol) and
``reader.py`` (the ``Reader`` protocol) first; ``cores.py`` runs the networks.
"""
