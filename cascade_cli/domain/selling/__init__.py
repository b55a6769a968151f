"""What ducats cost, and what is sold to whom."""
