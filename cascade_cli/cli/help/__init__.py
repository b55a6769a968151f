"""`cascade help`: the manual, on a screen, in a pipe, and as man pages."""
