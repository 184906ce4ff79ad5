"""The options of a stack file, one module a key."""
