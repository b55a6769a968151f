"""The routes that have not found their noun yet."""
