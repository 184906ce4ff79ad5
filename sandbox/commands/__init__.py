"""The commands of `python -m sandbox`, one module for each group of them."""
