"""A program without resources: what any Pulumi program in Python takes."""

import pulumi  # noqa: F401
