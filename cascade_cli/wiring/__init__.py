"""What a command works in: its settings, services, journal and state folder."""
