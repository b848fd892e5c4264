"""What becomes of an index over time, and of bad files: kills, soak, scale, updates, fuzz."""
