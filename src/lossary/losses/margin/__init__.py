"""Margin losses

Losses of a score and a label of 1 or -1. Their product, the margin, tells by how much the score is right or wrong.
"""
