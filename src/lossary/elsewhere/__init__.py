"""The room of other libraries: runs a loss's calls there, and measures how their values relate to torch's.

No library is imported until a call of it is run. What pages say of it is read from a file that was written once.
"""
