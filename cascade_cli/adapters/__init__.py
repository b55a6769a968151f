"""The outside world, turned into domain values and back; its exceptions into ours."""
