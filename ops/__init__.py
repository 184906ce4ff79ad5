"""Commands for operators: verify a deployed stack, recover from an interrupted update, migrate to culvert."""
