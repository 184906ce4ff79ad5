"""The provider plugins in use: official ones, or the stand-ins of `sandbox/providers`."""

import os
from dataclasses import dataclass

from sandbox import tools
from sandbox.errors import SandboxError

PROVIDERS = ("cloudflare", "kubernetes", "random")
_CHOICES = ("auto", "official", "standin")


@dataclass(frozen=True)
class ProviderPlugin:
    """One plugin in use: `kind` is `official` or `standin`; only an official one has a `path`."""

    kind: str
    version: str
    origin: str
    path: str | None = None


def choose_providers() -> dict[str, ProviderPlugin]:
    """The plugin of each provider, as `CULVERT_SANDBOX_PROVIDERS` (`auto`, `official`, `standin`) decides.

    `auto` uses an official plugin that is on the PATH or in the plugin cache, and the stand-in otherwise. `official`
    raises `SandboxError` if one is missing.
    """
    choice = os.environ.get("CULVERT_SANDBOX_PROVIDERS", "auto")
    if choice not in _CHOICES:
        raise SandboxError(
            f"CULVERT_SANDBOX_PROVIDERS is {choice!r}; must be one of {', '.join(_CHOICES)}",
            key="CULVERT_SANDBOX_PROVIDERS",
            value=choice,
            accepted=", ".join(_CHOICES),
        )
    chosen: dict[str, ProviderPlugin] = {}
    missing: list[str] = []
    for name in PROVIDERS:
        plugin = None if choice == "standin" else tools.find_plugin(name)
        if plugin:
            chosen[name] = ProviderPlugin("official", plugin.version, plugin.origin, str(plugin.path))
        elif choice == "official":
            missing.append(name)
        else:
            chosen[name] = ProviderPlugin("standin", tools.plugin_version(name), "this repository, sandbox/providers")
    if missing:
        commands = "; ".join(f"pulumi plugin install resource {name} v{tools.plugin_version(name)}" for name in missing)
        raise SandboxError(
            f"CULVERT_SANDBOX_PROVIDERS is 'official', but these plugins are neither on the PATH nor in the plugin "
            f"cache: {', '.join(missing)}. Install them with: {commands}",
            key="CULVERT_SANDBOX_PROVIDERS",
            value=choice,
            accepted=f"auto, standin, or official with these plugins installed: {commands}",
            source="https://www.pulumi.com/docs/iac/cli/commands/pulumi_plugin_install/",
        )
    return chosen
