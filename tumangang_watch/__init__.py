"""Rail activity in commercial satellite imagery: what stands in a yard, and what changed."""

__version__ = "0.1.0"
