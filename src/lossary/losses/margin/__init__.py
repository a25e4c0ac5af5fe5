"""Margin losses

Losses of one number and a label of 1 or -1. The number is a score, which should be large for the label 1, or the
distance between the members of a pair, which should be small for it.
"""
