"""Pulumi resource hooks: API calls around the engine's own create and delete steps.

They are registered by every run of the program, and act on what the run deletes. `pulumi destroy` runs the program, and
with it the hooks, only with `--run-program`.
"""

from components.exposure.hooks.connections import drop_connections
from components.exposure.hooks.rulesets import release_rulesets

__all__ = ["drop_connections", "release_rulesets"]
