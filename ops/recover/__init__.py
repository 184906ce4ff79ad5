"""Recover from an interrupted update: find the stack's resources that its state does not have; import or delete them."""
