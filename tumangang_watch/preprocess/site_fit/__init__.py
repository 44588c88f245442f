"""Lay scenes on the site by its tracks and outlines, or refuse."""
