"""Checks between settings: what no single key can tell."""
