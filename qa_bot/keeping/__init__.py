"""What is kept of answers: citations to paste, sheets of quotes, feedback.

In: ``Quote``s and ``Answer``s. Out: text and files in which every quote is exactly as it stands.
Read ``citing.py`` first.
"""
