"""A fault: what a failed check found, its cause, and what to do about it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

UP = "pulumi up --stack {stack}"
REFRESH = "pulumi up --refresh --stack {stack}"
"""Restores what Cloudflare's API has: a refresh notices what was changed or deleted."""
FORCING = "PULUMI_K8S_ENABLE_PATCH_FORCE=true "
FORCE = f"{FORCING}{REFRESH}"
"""Restores Kubernetes objects. Without the variable, a field that another manager changed is a conflict."""
NEW_TUNNEL = "pulumi up --replace '**{name}-tunnel' --stack {stack}"
NEW_POLICY = "pulumi up --replace '**{name}-policy' --stack {stack}"
"""Creates the network policy anew. An update would leave what other managers added beside culvert's own fields."""
NEW_EPOCH = "pulumi config set --path culvert:token.epoch {epoch} --stack {stack}"
LOGS = "kubectl -n {namespace} logs deploy/{deployment} --tail=20"
POD_LOGS = "kubectl -n {namespace} logs {subject} --tail=20"
DESCRIBE_POD = "kubectl -n {namespace} describe pod {subject}"

POD_WITH_CONTAINERS = "it shows in a pod whose containers run; those of a sandbox are simulated"
ALWAYS_FOLLOWS = "in a sandbox it always follows from"


@dataclass(frozen=True)
class Fault:
    """One fault that a check can find.

    Texts may contain `{stack}`, `{name}` (the prefix of the stack's names), `{namespace}`, `{deployment}`, `{epoch}`
    (the next of the token), `{policy_kinds}` (those that apply to the pods, for kubectl), `{subject}` of the finding,
    and what the check adds; `filled` replaces them.
    """

    name: str
    """The fault's name, unique, as the troubleshooting page lists it."""
    impact: str
    """What visitors notice."""
    cause: str
    remedy: str
    """What to do, in words."""
    commands: tuple[str, ...] = ()
    """The commands that do it, complete; those that only look are among them."""
    follows_from: tuple[str, ...] = ()
    """Names of the faults that have this one as their consequence."""
    untried: str = ""
    """Why no test makes this fault and runs its remedy, in words; empty where `tests/e2e/test_remedies.py` does."""

    def filled(self, values: Mapping[str, str]) -> "Fault":
        """The fault with `{key}` replaced by each value."""
        cause, remedy, *commands = (_filled(text, values) for text in (self.cause, self.remedy, *self.commands))
        return replace(self, cause=cause, remedy=remedy, commands=tuple(commands))


def _filled(text: str, values: Mapping[str, str]) -> str:
    for key, value in values.items():
        text = text.replace(f"{{{key}}}", value)
    return text
