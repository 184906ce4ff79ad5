"""The Pulumi engine, driven over one stack of a sandbox."""
