"""The record over time: counts, lengths, stays and changes, date by date."""
