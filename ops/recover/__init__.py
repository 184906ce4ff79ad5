"""Recover from an interrupted update: find resources that the state does not have; import or delete them."""
