"""Makes the files of this repository that are made from its code: `python -m scripts.generate` (or `make generate`)
writes them all."""
