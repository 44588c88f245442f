"""The same train seen again at another date or place."""
