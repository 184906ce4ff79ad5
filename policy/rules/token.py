"""Rule: the connector's token and the tunnel's secret stay secret.

They may occur in the tunnel's `tunnelSecret` and in a Kubernetes Secret's data, both marked secret: the engine then
encrypts them in the state and hides them in diffs. A pod's spec is never allowed, marked or not: every account that may
read pods reads it.
"""

import base64
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from policy.pods import pod_of
from policy.property_paths import as_list, get_path, texts
from policy.rule import Options, Rule
from policy.stack import Resource, Stack

_VARIABLES = ("TUNNEL_TOKEN", "TUNNEL_CRED_CONTENTS")
_LONG = re.compile(r"[A-Za-z0-9+/_-]{40,}={0,2}")


def _validate(resource: Resource, stack: Stack, _: Options) -> Iterator[str]:
    allowed = _allowed_properties(resource)
    for name in allowed:
        if any(_is_value(path) for path, _ in texts(resource.shown.get(name), name)):
            yield f"{name} is not marked secret: the state and every diff would show it"
    yield from _exposures(resource)
    # An account that may read a Kubernetes object reads all of it, marked secret or not; elsewhere the engine hides
    # what is marked.
    visible = resource.properties if resource.in_cluster and not allowed else resource.shown
    secrets = _secrets(stack)
    for path, text in texts({key: value for key, value in visible.items() if key not in allowed}):
        if _has_token(text):
            yield f"{path} contains a connector token"
        elif any(secret in text for secret in secrets):
            yield f"{path} contains the tunnel's secret"
    if resource.kind == "RandomBytes" and any(text in secrets for _, text in texts(resource.properties)):
        yield "the tunnel's secret comes from it, but the id of a RandomBytes is its value and is never hidden"


def _allowed_properties(resource: Resource) -> tuple[str, ...]:
    """The properties of a resource that may contain the token or the tunnel's secret."""
    if resource.kind == "ZeroTrustTunnelCloudflared":
        return ("tunnelSecret",)
    return ("data", "stringData") if resource.type.startswith("kubernetes:core/") and resource.kind == "Secret" else ()


def _exposures(resource: Resource) -> Iterator[str]:
    """Ways to pass the token that expose it, whatever its value."""
    pod = pod_of(resource)
    for name, container in pod.containers if pod else ():
        for variable in as_list(get_path(container, "env")):
            if get_path(variable, "name") in _VARIABLES and get_path(variable, "value") is not None:
                variable_name = get_path(variable, "name")
                yield f"container {name} has {variable_name} as a plain value, which everyone who may read pods sees"
        words = [
            word
            for part in ("command", "args")
            for _, text in texts(get_path(container, part))
            for word in text.split()
        ]
        if any(word.split("=")[0] == "--token" for word in words):
            yield f"container {name} passes the token as an argument, which process lists show"


def _is_value(path: str) -> bool:
    return not path.endswith("(a key)")


def _secrets(stack: Stack) -> set[str]:
    """The tunnels' secrets, in base64 and decoded; without UNKNOWN ones."""
    encoded = {get_path(tunnel.properties, "tunnelSecret") for tunnel in stack.every("ZeroTrustTunnelCloudflared")}
    known = {secret for secret in encoded if isinstance(secret, str)}
    return {secret for secret in known | {_decoded(secret) for secret in known} if len(secret) >= 16}


def _has_token(text: str) -> bool:
    """Whether a text contains a connector token (base64 of a JSON object with `a`, `t`, `s`), or one encoded again."""
    return any(_is_token(candidate) or _is_token(_decoded(candidate)) for candidate in _LONG.findall(text))


def _is_token(text: str) -> bool:
    try:
        parts: Any = json.loads(_decoded(text))
    except ValueError:
        return False
    return isinstance(parts, Mapping) and {"a", "t", "s"} <= set(parts)


def _decoded(text: str) -> str:
    """The text that `text` encodes in base64; empty if it encodes none."""
    try:
        return base64.b64decode(
            text.translate(str.maketrans("-_", "+/")) + "=" * (-len(text) % 4), validate=True
        ).decode()
    except ValueError:
        return ""


TOKEN = Rule(
    name="token-stays-secret",
    description="The connector's token and the tunnel's secret appear nowhere in plain text: not in a pod's spec, an "
    "annotation, a stack output or the unencrypted part of the state.",
    remedy="Pass the token to pods from a Secret, as a file or a variable; wrap it in pulumi.Output.secret; export "
    "neither.",
    validate=_validate,
    scope="both",
)
