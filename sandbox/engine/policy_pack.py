"""The project's policy pack in a rehearsal: run by the engine over the resources that the program registers."""

from dataclasses import dataclass
from typing import Any

from pulumi.automation.events import PolicyEvent

from ops.recover.state import urn_name
from policy import environments

SOURCE = "docs/policy-pack.md"
LAUNCHER = environments.FOLDER / "launcher"
"""Goes last on the engine's PATH; an engine with a Python plugin of its own does not use it."""


@dataclass(frozen=True)
class Violation:
    """A resource that breaks a rule; `level` is `advisory` or `mandatory`, and `message` ends with the remedy."""

    rule: str
    level: str
    resource: str
    message: str


def violation(event: PolicyEvent) -> Violation:
    """The violation that a policy event of the engine reports."""
    return Violation(
        event.policy_name, event.enforcement_level, urn_name(event.resource_urn or ""), event.message.strip()
    )


def arguments(stack: str) -> dict[str, Any]:
    """Arguments of the Automation API's `preview` and `up` that apply the policy pack, configured for the stack."""
    configuration = environments.file(stack)
    return {
        "policy_packs": [str(environments.FOLDER)],
        "policy_pack_configs": [str(configuration)] if configuration else None,
    }
