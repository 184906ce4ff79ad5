"""Names of stacks and exposures, after which the objects of the cluster are named."""

import re
from pathlib import Path

from settings import references
from settings.errors import SettingIssue, SettingsError

# 50 characters leave room for the suffix -cloudflared, and for those that Kubernetes adds to a Deployment's pods. A
# namespace may have this name, and Kubernetes reserves those that begin with kube-.
# The name of a Service, as of the metrics', begins with a letter.
_OBJECT_NAME = r"(?=.{1,50}$)(?!kube-)[a-z]([a-z0-9-]*[a-z0-9])?"
_ACCEPTED = "lower-case letters, digits and hyphens, at most 50{}, beginning with a letter and not with kube-"


def stack_name(stack: str | None, config: Path | None) -> str:
    """The given stack name, else the one in `Pulumi.<stack>.yaml`, else `dev`."""
    if stack is not None:
        return stack
    match = re.fullmatch(r"Pulumi\.(.+)\.ya?ml", config.name) if config else None
    return match[1] if match else "dev"


def base_name(project: str, stack: str) -> str:
    """The name of the stack's objects: `culvert-dev`. Raises SettingsError where Kubernetes would reject it."""
    name = f"{project}-{stack}"
    problem = f"is not a valid stack name: objects of the cluster would be named {name}"
    _check("stack", stack, name, problem, " together with the project's name")
    return name


def check_name(name: str) -> None:
    """Check the name of an exposure, after which its objects are named. Raises SettingsError."""
    problem = "is not a valid name of an exposure, after which objects of the cluster are named"
    _check("name", name, name, problem, "")


def _check(key: str, value: str, name: str, problem: str, length: str) -> None:
    if not re.fullmatch(_OBJECT_NAME, name):
        accepted = _ACCEPTED.format(length)
        raise SettingsError([SettingIssue.of(key, value, problem, accepted, references.KUBERNETES_NAMES)])
