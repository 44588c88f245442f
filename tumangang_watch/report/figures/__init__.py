"""What a report gives out beside its page: figures for print, and the aligned scenes."""
