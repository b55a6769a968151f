"""The commands' names and options. What a command needs is imported when it runs."""
