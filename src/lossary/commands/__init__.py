"""The room of the command line: one module for each thing that `lossary` does beyond calling another room.

Nothing below may import it.
"""
