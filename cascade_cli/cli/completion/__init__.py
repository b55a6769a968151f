"""`cascade completion`: what a shell offers when somebody presses Tab."""
