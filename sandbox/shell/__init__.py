"""What `python -m sandbox env` puts on a shell's PATH: a `pulumi` that works in the sandbox."""
