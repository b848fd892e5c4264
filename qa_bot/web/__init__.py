"""The web chat: Gradio wired, records rendered as escaped HTML, an index that is kept up to date.

In: a folder of documents and an index. Out: a page on 127.0.0.1. Read ``app.py`` first (it starts
everything), then ``page.py`` (which function answers which event) and ``service.py``.
"""
