"""The token, and the secret in it, never in plain.

Where they may stand: the tunnel's `tunnelSecret` and a Kubernetes Secret's data, both marked secret, so that the engine encrypts
them in the state and hides them in every diff. A pod's spec is no such place even when marked: whoever may see pods reads it.
"""

import base64
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from policy.pods import pod_of
from policy.property_paths import at, each, texts
from policy.rule import Options, Rule
from policy.stack import Resource, Stack

_VARIABLES = ("TUNNEL_TOKEN", "TUNNEL_CRED_CONTENTS")
_LONG = re.compile(r"[A-Za-z0-9+/_-]{40,}={0,2}")


def _judge(resource: Resource, stack: Stack, _: Options) -> Iterator[str]:
    places = _places(resource)
    for place in places:
        if any(_is_value(path) for path, _ in texts(resource.shown.get(place), place)):
            yield f"{place} is not marked secret: it would stand in the clear in the state and in every diff"
    yield from _given_away(resource)
    # Of a cluster's object everything is read by whoever may read it, marked or not; but for that, marked is hidden.
    visible = resource.properties if resource.in_cluster and not places else resource.shown
    secrets = _secrets(stack)
    for path, text in texts({key: value for key, value in visible.items() if key not in places}):
        if _has_token(text):
            yield f"{path} holds a connector's token"
        elif any(secret in text for secret in secrets):
            yield f"{path} holds the tunnel's secret"
    if resource.kind == "RandomBytes" and any(text in secrets for _, text in texts(resource.properties)):
        yield "the tunnel's secret is made of it, and the id of a RandomBytes, which is never hidden, is its value"


def _places(resource: Resource) -> tuple[str, ...]:
    """The properties of a resource that may hold the token or the tunnel's secret."""
    if resource.kind == "ZeroTrustTunnelCloudflared":
        return ("tunnelSecret",)
    return ("data", "stringData") if resource.type.startswith("kubernetes:core/") and resource.kind == "Secret" else ()


def _given_away(resource: Resource) -> Iterator[str]:
    """Ways to hand the token over that show it, whatever its value."""
    pod = pod_of(resource)
    for name, container in pod.containers if pod else ():
        for variable in each(at(container, "env")):
            if at(variable, "name") in _VARIABLES and at(variable, "value") is not None:
                yield f"container {name} has {at(variable, 'name')} as a value, which every reader of pods sees"
        words = [
            word for part in ("command", "args") for _, text in texts(at(container, part)) for word in text.split()
        ]
        if any(word.split("=")[0] == "--token" for word in words):
            yield f"container {name} has the token as an argument, which every process list shows"


def _is_value(path: str) -> bool:
    return not path.endswith("(a key)")


def _secrets(stack: Stack) -> set[str]:
    """The tunnels' secrets, as they are given and as what they encode; UNKNOWN ones are not among them."""
    given = {at(tunnel.properties, "tunnelSecret") for tunnel in stack.every("ZeroTrustTunnelCloudflared")}
    found = {secret for secret in given if isinstance(secret, str)}
    return {secret for secret in found | {_decoded(secret) for secret in found} if len(secret) >= 16}


def _has_token(text: str) -> bool:
    """Whether a connector's token is in a text: base64 of a JSON object of account, tunnel and secret, or that encoded again."""
    return any(_is_token(candidate) or _is_token(_decoded(candidate)) for candidate in _LONG.findall(text))


def _is_token(text: str) -> bool:
    try:
        parts: Any = json.loads(_decoded(text))
    except ValueError:
        return False
    return isinstance(parts, Mapping) and {"a", "t", "s"} <= set(parts)


def _decoded(text: str) -> str:
    """What a text encodes in base64; empty where it encodes no text."""
    try:
        return base64.b64decode(
            text.translate(str.maketrans("-_", "+/")) + "=" * (-len(text) % 4), validate=True
        ).decode()
    except ValueError:
        return ""


TOKEN = Rule(
    name="token-stays-secret",
    says="The connector's token and the tunnel's secret stand nowhere in plain: not in a pod's spec, an annotation, a stack output "
    "or the clear part of the state.",
    remedy="Give the token to pods as a file or a variable from a Secret, wrap it in pulumi.Output.secret, and export neither.",
    judge=_judge,
    when="both",
)
