"""Commands for operators, `python -m ops`: verify a deployed stack, recover from an interrupted update, migrate to culvert."""
