"""Lossary

The glossary of loss functions. Each formula, number and property was checked by running the torch code.

This is the catalog that ships with Lossary: a folder for each family, a file for each loss.
"""
