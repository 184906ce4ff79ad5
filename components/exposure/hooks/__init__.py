"""What is done around the engine's own steps, by calls that no resource stands for. Registered with every run, used
by what a run made; a destroy calls them with `--run-program`."""

from components.exposure.hooks.connections import drop_connections
from components.exposure.hooks.rulesets import take_back

__all__ = ["drop_connections", "take_back"]
