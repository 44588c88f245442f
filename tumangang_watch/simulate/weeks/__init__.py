"""Paint many dates of one yard, and say what changed between any two of them."""
