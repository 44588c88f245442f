"""Trains on single tracks: extent, vehicles, colours, load, motion."""
