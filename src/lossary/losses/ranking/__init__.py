"""Ranking

Losses that ask for the right order. They look at differences of scores, and leave the scores themselves free.
"""
