"""Operators that write Secrets in a cluster besides culvert.

External Secrets' operator and the owner of an existing Secret are emulated; the controller of sealed-secrets is the
real one.
"""
