"""The terminal: sessions, consoles, escaped text, pages, files and times as people type them."""
