"""The room of figures in other people's documentation: reads a request and answers it, from the cache where it can.

The addresses that stand in people's configuration are doors above, such as `lossary.fence`; they only call in here.
"""
