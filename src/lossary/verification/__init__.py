"""The room of checks: holds a loss to everything that its file says, and tells what was found.

It reads what the rooms below make and makes nothing that is published. Pictures and pages may not come in.
"""
