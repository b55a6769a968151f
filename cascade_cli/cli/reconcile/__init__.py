"""`cascade reconcile`: both sides compared, shown, repaired and reported."""
