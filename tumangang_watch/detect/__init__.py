"""Detectors: functions of an observation and a site. No files are opened here."""
