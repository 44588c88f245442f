"""The tracks themselves, traced in clear scenes where a site has none."""
