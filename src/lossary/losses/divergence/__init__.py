"""Divergences

How far one probability distribution is from another. Zero means equal; which of the two comes first matters.
"""
