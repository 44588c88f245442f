"""What a person sees of a command in a terminal: help, progress, tables, how much is told."""
