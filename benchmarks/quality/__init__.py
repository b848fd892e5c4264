"""How right the answers are, and how quickly they come: core, reading_scores, fit, chat."""
