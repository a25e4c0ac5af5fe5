"""Lossary

The glossary of loss functions. Numbers and properties were checked by running the torch code, and so was each formula that can be executed.

This is the catalog that ships with Lossary: a folder for each family, a file for each loss.
"""
