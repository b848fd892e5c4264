"""What README and docs/ claim, reproducible."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
"""Of the project."""
