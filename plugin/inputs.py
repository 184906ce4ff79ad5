"""Inputs of an `Exposure` from a program in another language, as plain values."""

from typing import Any

import pulumi
from pulumi.output import Unknown
from pulumi.runtime.sync_await import _sync_await

from settings import SettingIssue, SettingsError
from settings.errors import PREFIX, REDACTED

OUTPUTS = "https://www.pulumi.com/docs/iac/concepts/inputs-outputs/"
SECRETS = "https://www.pulumi.com/docs/iac/concepts/secrets/"


def plain(inputs: pulumi.Inputs) -> tuple[dict[str, Any], set[pulumi.Resource]]:
    """The values of the inputs, and the resources that they are outputs of.

    Raises SettingsError for values that are not known yet, since the settings decide which resources exist, and for
    secret ones, since every setting shows at Cloudflare or in the cluster.
    """
    # The SDK calls a component's constructor, and so this, within the event loop; its own look-ups wait in the same
    # way.
    return _sync_await(_plain(inputs))


async def _plain(inputs: pulumi.Inputs) -> tuple[dict[str, Any], set[pulumi.Resource]]:
    issues: list[SettingIssue] = []
    resources: set[pulumi.Resource] = set()

    async def read(key: str, value: Any) -> Any:
        if isinstance(value, pulumi.Output):
            resources.update(await value.resources())
            if await value.is_secret():
                problem = "is secret, but every setting is visible in the cluster or at Cloudflare"
                issues.append(SettingIssue.of(key, REDACTED, problem, "a value that is not secret", SECRETS))
                return None
            value = await value.future(with_unknowns=True)
        if isinstance(value, Unknown):
            problem = "is not known yet, but the settings decide which resources exist"
            accepted = "a value in the program or its configuration, or an output of a resource that exists already"
            issues.append(SettingIssue.of(key, "an output", problem, accepted, OUTPUTS))
            return None
        if isinstance(value, dict):
            return {name: await read(f"{key}.{name}", inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [await read(f"{key}[{index}]", inner) for index, inner in enumerate(value)]
        # The engine sends every number as a float.
        return int(value) if isinstance(value, float) and value.is_integer() else value

    values = {name: await read(f"{PREFIX}{name}", value) for name, value in inputs.items()}
    if issues:
        raise SettingsError(issues)
    return values, resources
