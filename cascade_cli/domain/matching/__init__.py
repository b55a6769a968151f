"""Which transfer belongs to which charge, and everything known about one charge."""
