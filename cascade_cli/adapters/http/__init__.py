"""HTTP as cascade speaks it: one transport, its pace, its clock, and work done at once."""
