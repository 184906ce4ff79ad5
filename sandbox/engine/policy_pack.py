"""The policy rules in a rehearsal: the project's policy pack, run by the engine over what the program registers."""

from dataclasses import dataclass
from typing import Any

from pulumi.automation.events import PolicyEvent

from policy import environments

SOURCE = "docs/policy-pack.md"
LAUNCHER = environments.FOLDER / "launcher"
"""Goes last on the PATH of an engine: one that has Python support of its own takes no notice of it."""


@dataclass(frozen=True)
class Violation:
    """A resource that breaks a rule; `level` is `advisory` or `mandatory`, `message` ends with what to do."""

    rule: str
    level: str
    resource: str
    message: str


def violation(event: PolicyEvent) -> Violation:
    """What a policy event of the engine told."""
    resource = (event.resource_urn or "").split("::")[-1]
    return Violation(event.policy_name, event.enforcement_level, resource, event.message.strip())


def arguments(stack: str) -> dict[str, Any]:
    """What the Automation API's `preview` and `up` take, so that the stack is judged as its environment has the rules."""
    configuration = environments.file(stack)
    return {
        "policy_packs": [str(environments.FOLDER)],
        "policy_pack_configs": [str(configuration)] if configuration else None,
    }
