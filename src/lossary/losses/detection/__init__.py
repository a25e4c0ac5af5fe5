"""Detection

Losses of a predicted box and a true one. All begin with how much of the area that the two cover together they share, and
most add a penalty that also tells boxes apart that share nothing.
"""
