"""Robust regression

Losses that keep a few wild targets from deciding the fit: quadratic for small residuals, slower for large ones.
"""
