"""Trains where a vehicle is one pixel wide: present on a group of tracks, uncounted."""
