"""A PDF's page as a picture, and a quote's place on it.

In: a PDF, a page number, a quote. Out: WebP and boxes, from a process with limits. Read
``view.py`` first: what the chat calls; ``text.py`` lays the quote on the page's characters.
"""
