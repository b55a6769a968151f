"""HTTP to all services: the transport, its pacing, and the services' clock."""
