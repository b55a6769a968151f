"""What a bug report may tell about a shop.

file        what
stand_ins   replaces everything that is not known to be harmless
parts       the parts of the bundle, and which of their values may stay
"""
