"""Sequence

Losses for targets that are sequences, whose positions are not aligned with those of the input.
"""
