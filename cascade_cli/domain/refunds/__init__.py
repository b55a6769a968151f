"""How much money went back, and which ducats that takes back."""
