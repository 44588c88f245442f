"""Significance, intervals, calibration and scoring against labels."""
