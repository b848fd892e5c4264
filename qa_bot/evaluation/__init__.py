"""How good the answers are: questions with what is wanted → outcomes, figures, comparisons."""
