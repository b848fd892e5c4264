"""A question → passages found, read and judged → an answer that quotes.

In: an open ``Index`` and a question. Out: ``Hit``s and an ``Answer``. Read ``answering.py``
first: it calls ``retrieval.py`` (what is found) and ``judging.py`` (order, marks, confidence).
"""
