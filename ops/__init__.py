"""Commands for operators: check what a stack needs, verify a deployed one, recover from an interrupted update, migrate
to culvert."""
