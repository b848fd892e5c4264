"""Reproduce the core figures: ``make bench`` prints them and writes them to RESULTS.md."""
