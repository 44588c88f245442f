"""People's answers to findings: kept beside the evidence, matched, applied, exchanged with a GIS."""
