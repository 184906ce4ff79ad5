"""The cloudflare plugin: checks, plans and makes the calls."""

import os
from typing import Any

from sandbox.providers.cloudflare import access, resources
from sandbox.providers.cloudflare.client import BASE_URL, ApiError, Client
from sandbox.providers.cloudflare.fields import (
    COMPUTED,
    EITHER,
    compact,
    decode,
    encode,
    mistakes,
    plan,
    same,
    settle,
    shaped,
)
from sandbox.providers.cloudflare.lookups import FUNCTIONS
from sandbox.providers.cloudflare.resources import Kind
from sandbox.providers.servicer import Change, Diff, ProviderError, Request
from sandbox.providers.values import UNKNOWN, Secret, hide, leaves, plain

KINDS = {
    "cloudflare:index/zeroTrustTunnelCloudflared:ZeroTrustTunnelCloudflared": resources.TUNNEL,
    "cloudflare:index/zeroTrustTunnelCloudflaredConfig:ZeroTrustTunnelCloudflaredConfig": resources.TUNNEL_CONFIG,
    "cloudflare:index/dnsRecord:DnsRecord": resources.DNS_RECORD,
    "cloudflare:index/ruleset:Ruleset": resources.RULESET,
    "cloudflare:index/zeroTrustAccessPolicy:ZeroTrustAccessPolicy": access.ACCESS_POLICY,
    "cloudflare:index/zeroTrustAccessApplication:ZeroTrustAccessApplication": access.ACCESS_APPLICATION,
    "cloudflare:index/zeroTrustAccessServiceToken:ZeroTrustAccessServiceToken": access.ACCESS_SERVICE_TOKEN,
    "cloudflare:index/notificationPolicy:NotificationPolicy": access.NOTIFICATION_POLICY,
}

META = '{"schema_version":"500"}'
"""What the bridge keeps beside the outputs."""


class Cloudflare:
    """All engines attached share one address and one token: those of the environment, or of the last provider
    configured."""

    name = "cloudflare"

    def __init__(self) -> None:
        self._client = self._make({})

    def _make(self, config: dict[str, Any]) -> Client:
        address = config.get("baseUrl") or os.environ.get("CLOUDFLARE_BASE_URL") or BASE_URL
        return Client(address, config.get("apiToken") or os.environ.get("CLOUDFLARE_API_TOKEN", ""))

    def configure(self, config: dict[str, Any]) -> None:
        if config.get("baseUrl") or config.get("apiToken"):
            self._client = self._make(config)

    def check(self, request: Request) -> tuple[dict[str, Any], dict[str, str]]:
        kind = _kind(request.type)
        inputs = plain(request.news)
        wrong = dict(mistakes(kind.fields, inputs))
        if len(kind.scopes) > 1 and sum(inputs.get(name) is not None for name in kind.scopes) != 1:
            wrong.setdefault("accountId", f"exactly one of {' and '.join(kind.scopes)} must be given")
        return hide(request.news, {}, _secret(kind)), wrong

    def diff(self, request: Request) -> Diff:
        kind = _kind(request.type)
        before, after = _state(kind, request.outputs), plain(request.news)
        planned = _plan(kind, after, before)
        changed = [name for name in sorted(kind.fields) if not same(planned.get(name), before.get(name))]

        def replaces(name: str) -> bool:
            rule = kind.fields[name]
            return rule.replace and (rule.mode != EITHER or after.get(name) is not None)

        return Diff({name: Change("update", replace=replaces(name)) for name in changed})

    def create(self, request: Request) -> tuple[str, dict[str, Any]]:
        kind = _kind(request.type)
        planned = _plan(kind, plain(request.news), None)
        if request.preview:
            return "", _outputs(kind, planned, request.news)
        if kind is resources.DNS_RECORD and planned["proxied"] and planned["ttl"] != 1:
            raise ProviderError(
                "ttl must be set to 1 when `proxied` is true: When a DNS record is marked as `proxied` the TTL "
                "must be 1 as Cloudflare will control the TTL internally."
            )
        reply = self._call(request.news, kind.create, _collection(kind, planned), encode(kind.fields, planned, {}))
        state = _settle(kind, planned, reply)
        return state[kind.own_id], _outputs(kind, state, request.news)

    def update(self, request: Request) -> dict[str, Any]:
        kind = _kind(request.type)
        before = _state(kind, request.outputs)
        planned = _plan(kind, plain(request.news), before)
        if request.preview:
            return _outputs(kind, planned, request.news)
        body = encode(kind.fields, planned, before, changed_only=kind.update == "PATCH")
        reply = self._call(request.news, kind.update, _address(kind, before, request.id), body)
        return _outputs(kind, _settle(kind, planned, reply), request.news)

    def read(self, request: Request) -> tuple[str, dict[str, Any], dict[str, Any]] | None:
        kind = _kind(request.type)
        imported = not request.outputs
        before = _imported(kind, request.id) if imported else _state(kind, request.outputs)
        try:
            reply = self._call(request.outputs, "GET", _address(kind, before, before["id"] or request.id), None)
        except ApiError as error:
            if error.status == 404 and not imported:
                return None
            raise
        state = {}
        for name, rule in kind.fields.items():
            old = before.get(name)
            state[name] = old
            if not rule.path and (imported or rule.refresh):
                state[name] = _news(kind, decode(rule, reply.get(rule.api_name(name))), old, imported)
        state = _settled_record(kind, state)
        found = _outputs(kind, state, request.outputs or request.inputs)
        given = (
            {name for name, rule in kind.fields.items() if rule.mode != COMPUTED} if imported else set(request.inputs)
        )
        now = {name: value for name, value in plain(found).items() if name in given}
        now = now if imported else shaped(now, plain(request.inputs))
        return state[kind.own_id], found, hide(now, request.inputs, _secret(kind))

    def delete(self, request: Request) -> None:
        kind = _kind(request.type)
        if kind.deletes:
            self._call(request.outputs, "DELETE", _address(kind, _state(kind, request.outputs), request.id), None)

    def invoke(self, token: str, arguments: dict[str, Any]) -> dict[str, Any]:
        if token not in FUNCTIONS:
            raise ProviderError(f"function {token} is not among the stand-in's: {', '.join(FUNCTIONS)}")
        return FUNCTIONS[token](self._client, arguments)

    def _call(self, properties: dict[str, Any], method: str, path: str, body: dict[str, Any] | None) -> dict[str, Any]:
        """Makes one call; whatever is secret among `properties` stays out of the message should the API echo it."""
        try:
            return self._client.call(method, path, body) or {}
        except ProviderError as error:
            message = str(error)
            for leaf in leaves(properties):
                if isinstance(leaf, Secret) and isinstance(leaf.value, str) and leaf.value:
                    message = message.replace(leaf.value, "[secret]")
            error.args = (message,)
            raise


def _kind(type: str) -> Kind:
    if type not in KINDS:
        raise ProviderError(f"resource type {type} is not among the stand-in's: {', '.join(KINDS)}")
    return KINDS[type]


def _secret(kind: Kind) -> frozenset[str]:
    return frozenset(name for name, rule in kind.fields.items() if rule.secret)


def _state(kind: Kind, outputs: dict[str, Any]) -> dict[str, Any]:
    kept = plain(outputs)
    return {name: kept.get(name) for name in kind.fields}


def _plan(kind: Kind, news: dict[str, Any], state: dict[str, Any] | None) -> dict[str, Any]:
    if kind is resources.DNS_RECORD and state:
        news = dict(news)
        # A short name reads back in full; the official plugin takes the one for the other, and so for a CNAME's
        # letters.
        name, full = str(news["name"]).rstrip("."), str(state["name"]).rstrip(".")
        if full.startswith(f"{name}."):
            news["name"] = state["name"]
        if news.get("type") == "CNAME" and str(news.get("content")).lower() == str(state["content"]).lower():
            news["content"] = state["content"]
    return plan(kind.fields, news, state)


def _settle(kind: Kind, planned: dict[str, Any], reply: dict[str, Any]) -> dict[str, Any]:
    return _settled_record(kind, settle(kind.fields, planned, reply))


def _settled_record(kind: Kind, state: dict[str, Any]) -> dict[str, Any]:
    if kind.document:
        state["id"] = state[kind.own_id]
    if kind is resources.DNS_RECORD and state["type"] == "CNAME":
        # The API leaves out what is off.
        settings = state["settings"] or {}
        state["settings"] = {name: settings.get(name) or False for name in kind.fields["settings"].fields}
    return {name: None if value is UNKNOWN else value for name, value in state.items()}


def _outputs(kind: Kind, state: dict[str, Any], like: dict[str, Any]) -> dict[str, Any]:
    return hide({"__meta": META, **compact(state)}, like, _secret(kind))


def _news(kind: Kind, value: Any, before: Any, imported: bool) -> Any:
    """What a refresh takes over: for `quiet` kinds not the empty answers to what was never set, nor what hangs on
    what was."""
    if not kind.quiet or imported:
        return value
    if before is None:
        return value or None
    return shaped(value, before)


def _collection(kind: Kind, state: dict[str, Any]) -> str:
    scope = next(name for name in kind.scopes if state.get(name))
    return f"/{kind.scopes[scope]}/{state[scope]}/{kind.collection.format_map(state)}"


def _address(kind: Kind, state: dict[str, Any], id: str) -> str:
    return _collection(kind, state) if kind.document else f"{_collection(kind, state)}/{id}"


def _imported(kind: Kind, id: str) -> dict[str, Any]:
    """The beginnings of a state, from an id to import."""
    parts = id.split("/")
    if len(kind.scopes) > 1:
        parts = parts[1:] if len(parts) == 3 and parts[0] in kind.scopes.values() else []
        scope = next((name for name, word in kind.scopes.items() if word == id.split("/")[0]), "")
    else:
        scope = next(iter(kind.scopes))
    if len(parts) != 2 or not all(parts):
        raise ProviderError(f'invalid ID: expected urlencoded segments {kind.import_id}, got "{id}"')
    return {**dict.fromkeys(kind.fields), scope: parts[0], "id": parts[1], kind.own_id: parts[1]}
