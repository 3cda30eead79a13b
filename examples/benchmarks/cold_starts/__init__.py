"""What `cold_start.py` runs in new processes; each prints the seconds of its steps as JSON."""
