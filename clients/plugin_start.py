"""Early start of the providers' plugins: while the program imports its modules and reads its settings.

The engine starts a plugin when the program first needs it, one after the other, and the first resources wait for all of
them. A call of a provider's function starts its plugin too (docs/decisions/plugins-start-early.md).
"""

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.settings import get_monitor

PROVIDERS = ("kubernetes", "random", "cloudflare")
"""The providers that every stack uses. Kubernetes' first: it also connects to the cluster, while the others start."""


def start_plugins() -> list[Any]:
    """Asks the engine for the plugin of each provider, without waiting for the replies.

    The result keeps the calls: gRPC cancels one that nothing refers to. They call a function that no provider has, so
    each ends in an error that says nothing. A plugin that cannot be started is reported at its first resource.
    """
    # The mocks of the SDK have no plugins, and no calls that return before their reply.
    send = getattr(getattr(get_monitor(), "Invoke", None), "future", None)
    if send is None:
        return []
    return [
        send(resource_pb2.ResourceInvokeRequest(tok=f"{name}:index:none", version=sdk_version(name)))
        for name in PROVIDERS
    ]


def sdk_version(provider: str) -> str:
    """The version of a provider that the program's resources ask for: only the plugin of that version is theirs."""
    # The engine reads this file too, which takes less than the package's metadata.
    package = find_spec(f"pulumi_{provider}")
    assert package
    assert package.origin
    return json.loads(Path(package.origin).with_name("pulumi-plugin.json").read_text())["version"]
