"""`cascade review`: a walk through the open cases, one screen and one key for each.

It reads single keys itself, with the standard library alone. Textual was tried with the same cases:
it takes 0.2 s more to start, brings three packages of 8 MB, and draws on the alternate screen, so
nothing that was shown stays in the terminal when the review ends. Rich's prompts need Enter after
each key, and redraw nothing when the window changes its size.
"""
