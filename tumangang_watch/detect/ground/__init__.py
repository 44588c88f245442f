"""Worked surface of the handling polygons, its growth, and new buildings on it."""
