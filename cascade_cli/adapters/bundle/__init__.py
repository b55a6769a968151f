"""What a bundle for a bug report is made of on this machine, and its archive."""
