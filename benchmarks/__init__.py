"""What the README claims, reproducible."""
