"""The web chat: ``app`` wires it up, ``service`` holds the index, ``render`` writes the HTML."""
