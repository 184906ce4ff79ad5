"""Pulumi resource hooks: API calls around the engine's own create, update and delete steps.

They are registered by every run of the program, and act on what the run updates or deletes. `pulumi destroy` runs the
program, and with it the hooks, only with `--run-program`.
"""

from components.exposure.hooks.connections import drop_connections
from components.exposure.hooks.ingress_rules import await_rules
from components.exposure.hooks.rollout import explain_rollout
from components.exposure.hooks.rulesets import release_rulesets
from components.exposure.hooks.token_change import check_token_change

__all__ = ["await_rules", "check_token_change", "drop_connections", "explain_rollout", "release_rulesets"]
