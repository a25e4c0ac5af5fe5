"""Divergences

These losses measure how far one probability distribution is from another. The sum over all outcomes is zero where the two are equal and
positive where they are not; which of the two comes first matters.
"""
