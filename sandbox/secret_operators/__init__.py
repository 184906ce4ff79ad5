"""Who keeps Secrets in a cluster besides culvert, played: External Secrets' operator, and the keeper of an existing Secret.

The controller of sealed-secrets is not played but real: `sandbox/secret_operators/sealed_secrets.py` runs it.
"""
