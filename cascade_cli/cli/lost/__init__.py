"""Help for whoever is lost: the line that was meant, and `cascade` alone."""
