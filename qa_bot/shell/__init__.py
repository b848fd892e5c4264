"""The command line, ``qa-bot``: parse, call the public function, print, exit code.

In: arguments. Out: text or JSON. Read ``entry.py`` and ``commands.py``
first; ``evaluation.py`` is ``qa-bot eval``.
"""
