"""What could have been missed: trials with inserted vehicles, rates, and what a scene can show."""
