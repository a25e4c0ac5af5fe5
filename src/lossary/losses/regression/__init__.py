"""Regression

Losses for a target that is a number. They are functions of the residual, input minus target, and differ in how fast
they grow with it.
"""
