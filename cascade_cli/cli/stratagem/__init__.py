"""`cascade stratagem`: transfers as Venice sees them."""
