"""Cargo on aprons and along tracks: outline, height, fill, and what would have been found."""
