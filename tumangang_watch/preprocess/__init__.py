"""Quality masks, co-registration, site fit and radiometric normalisation. No files are opened here."""
