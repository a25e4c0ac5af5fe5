"""The room that finds losses: catalogs, the files that a loss is made from, and its names.

It imports a loss file only to load its declaration, so that a build with nothing to do imports none. What is done with
a loss, evaluating, checking or drawing it, may not come in.
"""
