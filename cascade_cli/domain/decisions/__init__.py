"""What a person decides about a case, planned down to each write."""
