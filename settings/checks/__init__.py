"""Checks between keys: issues that no key has by itself."""
