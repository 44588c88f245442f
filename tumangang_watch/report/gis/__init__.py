"""Findings as maps: GeoJSON, GeoPackage with styles, KMZ."""
