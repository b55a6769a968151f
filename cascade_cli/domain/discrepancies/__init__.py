"""What is wrong with one charge or transfer, and what can be done about it."""
