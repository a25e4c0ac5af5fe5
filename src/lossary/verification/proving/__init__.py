"""Proofs over balls: a claim about a curve holds on every box of a range, or a point refutes it.

It knows expressions and numbers. Torch, pages and pictures may not come in.
"""
