"""The commands as they are declared: names, options, help. Nothing of the work is imported here."""
