"""How good the answers are: questions with what is wanted → outcomes, figures, comparisons.

In: questions and an ``Index``. Out: an ``Evaluation``. Read ``outcomes.py`` first: it asks;
``questions.py`` says what a question may want, ``judging.py`` what is relevant.
"""
