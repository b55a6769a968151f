"""`cascade review`: a walk through the open cases, one screen and one key for each.

It reads single keys itself, with the standard library alone. Textual was tried with the same cases:
it takes 0.2 s more to start, brings three packages of 8 MB, and draws on the alternate screen, so
that nothing of what was looked at is left in the terminal when the review ends. Rich's prompts want
Enter after each key, and nothing is drawn anew when the window changes its size.
"""
