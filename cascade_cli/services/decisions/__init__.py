"""Planning, recording and carrying out a person's decisions."""
