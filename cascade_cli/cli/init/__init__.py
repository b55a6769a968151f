"""`cascade init`: from keys to a profile that works, asked step by step or all at once."""
