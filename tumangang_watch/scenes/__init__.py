"""The only rooms that open imagery: sniff, metadata, windowed reads."""
