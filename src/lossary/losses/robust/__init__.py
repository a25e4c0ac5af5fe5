"""Robust regression

Losses that give a few wild targets less say in the fit: near zero they grow like the squared error, and far out more
slowly than it, down to not at all.
"""
