"""`cascade review`: a walk through the open cases, one screen and one key for each."""
