"""Ground that is painted: yards, bridges, a site of a file, and what lies about them."""
