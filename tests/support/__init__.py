"""Values and files that several tests share."""
