"""Everything of one tunnel, wired together."""
