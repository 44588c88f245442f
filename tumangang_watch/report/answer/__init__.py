"""The answer of a report in two sentences that can be quoted."""
