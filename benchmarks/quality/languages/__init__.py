"""Questions in nine languages on documents in eight: see README.md."""
