"""Robust regression

Losses that give a few wild targets less say in the fit: quadratic in the residual up to a threshold, and linear beyond
it, so that the slope is bounded.
"""
