"""The cloudflare plugin: checks, plans and makes the calls."""

import os
from typing import Any

from sandbox.providers.cloudflare.access import ACCESS_APPLICATION, ACCESS_POLICY, ACCESS_SERVICE_TOKEN
from sandbox.providers.cloudflare.client import BASE_URL, ApiError, Client
from sandbox.providers.cloudflare.fields import COMPUTED, EITHER, compact, mistakes, same, shaped
from sandbox.providers.cloudflare.functions import FUNCTIONS
from sandbox.providers.cloudflare.load_balancers import LOAD_BALANCER, LOAD_BALANCER_MONITOR, LOAD_BALANCER_POOL
from sandbox.providers.cloudflare.notifications import NOTIFICATION_POLICY
from sandbox.providers.cloudflare.planning import plan, settle
from sandbox.providers.cloudflare.private_networks import ROUTE, VIRTUAL_NETWORK
from sandbox.providers.cloudflare.records import DNS_RECORD
from sandbox.providers.cloudflare.resource_type import Kind, Values
from sandbox.providers.cloudflare.rulesets import RULESET
from sandbox.providers.cloudflare.serialization import decode, encode
from sandbox.providers.cloudflare.tunnels import TUNNEL, TUNNEL_CONFIG
from sandbox.providers.interface import Change, Diff, ProviderError, Request
from sandbox.providers.values import Secret, hide, leaves, plain

KINDS = {
    "cloudflare:index/zeroTrustTunnelCloudflared:ZeroTrustTunnelCloudflared": TUNNEL,
    "cloudflare:index/zeroTrustTunnelCloudflaredConfig:ZeroTrustTunnelCloudflaredConfig": TUNNEL_CONFIG,
    "cloudflare:index/zeroTrustTunnelCloudflaredRoute:ZeroTrustTunnelCloudflaredRoute": ROUTE,
    "cloudflare:index/zeroTrustTunnelCloudflaredVirtualNetwork:ZeroTrustTunnelCloudflaredVirtualNetwork": VIRTUAL_NETWORK,
    "cloudflare:index/dnsRecord:DnsRecord": DNS_RECORD,
    "cloudflare:index/ruleset:Ruleset": RULESET,
    "cloudflare:index/zeroTrustAccessPolicy:ZeroTrustAccessPolicy": ACCESS_POLICY,
    "cloudflare:index/zeroTrustAccessApplication:ZeroTrustAccessApplication": ACCESS_APPLICATION,
    "cloudflare:index/zeroTrustAccessServiceToken:ZeroTrustAccessServiceToken": ACCESS_SERVICE_TOKEN,
    "cloudflare:index/notificationPolicy:NotificationPolicy": NOTIFICATION_POLICY,
    "cloudflare:index/loadBalancer:LoadBalancer": LOAD_BALANCER,
    "cloudflare:index/loadBalancerMonitor:LoadBalancerMonitor": LOAD_BALANCER_MONITOR,
    "cloudflare:index/loadBalancerPool:LoadBalancerPool": LOAD_BALANCER_POOL,
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

    def check(self, request: Request) -> tuple[Values, dict[str, str]]:
        kind = _kind(request.type)
        inputs = plain(request.news)
        wrong = dict(mistakes(kind.fields, inputs))
        if len(kind.scopes) > 1 and sum(inputs.get(name) is not None for name in kind.scopes) != 1:
            wrong.setdefault("accountId", f"exactly one of {' and '.join(kind.scopes)} must be given")
        return hide(request.news, {}, kind.secrets), wrong

    def diff(self, request: Request) -> Diff:
        kind = _kind(request.type)
        before, after = kind.state(request.outputs), plain(request.news)
        planned = plan(kind.fields, kind.adapt(after, before), before)
        changed = [name for name in sorted(kind.fields) if not same(planned.get(name), before.get(name))]

        def replaces(name: str) -> bool:
            rule = kind.fields[name]
            return rule.replace and (rule.mode != EITHER or after.get(name) is not None)

        return Diff({name: Change("update", replace=replaces(name)) for name in changed})

    def create(self, request: Request) -> tuple[str, Values]:
        kind = _kind(request.type)
        planned = plan(kind.fields, plain(request.news), None)
        if request.preview:
            return "", _outputs(kind, planned, request.news)
        kind.refuse(planned)
        reply = self._call(request, kind.create, kind.all_of(planned), encode(kind.fields, planned, {}))
        state = kind.complete(settle(kind.fields, planned, reply))
        return state[kind.own_id], _outputs(kind, state, request.news)

    def update(self, request: Request) -> Values:
        kind = _kind(request.type)
        before = kind.state(request.outputs)
        planned = plan(kind.fields, kind.adapt(plain(request.news), before), before)
        if request.preview:
            return _outputs(kind, planned, request.news)
        body = encode(kind.fields, planned, before, changed_only=kind.update == "PATCH")
        reply = self._call(request, kind.update, kind.one_of(before, request.id), body)
        return _outputs(kind, kind.complete(settle(kind.fields, planned, reply)), request.news)

    def read(self, request: Request) -> tuple[str, Values, Values] | None:
        kind = _kind(request.type)
        imported = not request.outputs
        state = kind.imported(request.id) if imported else kind.state(request.outputs)
        try:
            reply = self._call(request, "GET", kind.one_of(state, state["id"] or request.id), None)
        except ApiError as error:
            if error.status == 404 and not imported:
                return None
            raise
        for name, rule in kind.fields.items():
            if not rule.path and (imported or rule.refresh):
                answer = decode(rule, reply.get(rule.api_name(name)))
                state[name] = _news(answer, state[name]) if kind.quiet and not imported else answer
        outputs = _outputs(kind, kind.complete(state), request.outputs)
        if imported:
            settable = {name for name, rule in kind.fields.items() if rule.mode != COMPUTED}
            inputs = {name: value for name, value in outputs.items() if name in settable}
        else:
            inputs = shaped(plain(outputs), plain(request.inputs))
        return state[kind.own_id], outputs, hide(inputs, request.inputs, kind.secrets)

    def delete(self, request: Request) -> None:
        kind = _kind(request.type)
        if kind.deletes:
            self._call(request, "DELETE", kind.one_of(kind.state(request.outputs), request.id), None)

    def invoke(self, token: str, arguments: dict[str, Any]) -> dict[str, Any]:
        if token not in FUNCTIONS:
            raise ProviderError(f"function {token} is not among the stand-in's: {', '.join(FUNCTIONS)}")
        return FUNCTIONS[token](self._client, arguments)

    def _call(self, request: Request, method: str, path: str, body: Values | None) -> Values:
        """Makes one call. What is secret stays out of the message, should the API echo it."""
        try:
            return self._client.call(method, path, body, pause=request.stopped.wait) or {}
        except ProviderError as error:
            message = str(error)
            for leaf in leaves([request.news, request.outputs]):
                if isinstance(leaf, Secret) and isinstance(leaf.value, str) and leaf.value:
                    message = message.replace(leaf.value, "[secret]")
            error.args = (message,)
            raise


def _kind(type: str) -> Kind:
    if type not in KINDS:
        raise ProviderError(f"resource type {type} is not among the stand-in's: {', '.join(KINDS)}")
    return KINDS[type]


def _outputs(kind: Kind, state: Values, like: Values) -> Values:
    return hide({"__meta": META, **compact(state)}, like, kind.secrets)


def _news(answer: Any, before: Any) -> Any:
    """What a refresh takes over: neither empty answers to what was never set, nor what hangs on what was."""
    return (answer or None) if before is None else shaped(answer, before)
