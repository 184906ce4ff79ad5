"""Scripts for contributors and workflows."""
