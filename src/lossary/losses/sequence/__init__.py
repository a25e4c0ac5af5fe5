"""Sequence

Losses of whole sequences whose positions are not lined up with the input.
"""
