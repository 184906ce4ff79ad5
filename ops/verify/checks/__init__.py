"""The checks of `verify`, by where they look."""
