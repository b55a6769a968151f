"""Help for a user who is lost: the line to type after a wrong one, and `cascade` alone."""
