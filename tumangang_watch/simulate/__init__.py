"""Paint scenes with exact truth."""
