"""Match detections of two dates and word what changed."""
