"""Site files: read, check and find the built-in one."""
