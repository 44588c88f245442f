"""Rail vehicles and tracks in the plain picture, in any direction, without knowing tracks."""
