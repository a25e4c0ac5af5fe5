"""Ranking

Losses that ask for the right order. They depend on the differences of scores alone: adding a constant to all scores
does not change them.
"""
