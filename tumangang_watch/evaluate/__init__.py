"""Scores of a report against truth, and error-adjusted area."""
