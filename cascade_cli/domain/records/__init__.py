"""What the three services and the journal hold, as values."""
