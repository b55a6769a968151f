"""What one run leaves for the next: where it ended, and what is still open."""
