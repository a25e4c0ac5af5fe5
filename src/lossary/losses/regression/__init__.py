"""Regression

Losses for a target that is a number. They differ in how fast they grow with the error, and in whether it is taken
as it is or relative to the target.
"""
