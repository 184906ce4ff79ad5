"""The cloudflare plugin: checks and plans resources, and calls the API."""

import os
from typing import Any

from sandbox.providers.cloudflare import encoder_fault
from sandbox.providers.cloudflare.access import ACCESS_APPLICATION, ACCESS_POLICY, ACCESS_SERVICE_TOKEN
from sandbox.providers.cloudflare.client import BASE_URL, ApiError, Client
from sandbox.providers.cloudflare.fields import OPTIONAL_COMPUTED, compact, imported_inputs, problems, restrict, same
from sandbox.providers.cloudflare.functions import FUNCTIONS
from sandbox.providers.cloudflare.load_balancers import LOAD_BALANCER, LOAD_BALANCER_MONITOR, LOAD_BALANCER_POOL
from sandbox.providers.cloudflare.notifications import NOTIFICATION_POLICY
from sandbox.providers.cloudflare.planning import apply_reply, plan
from sandbox.providers.cloudflare.private_networks import HOSTNAME_ROUTE, ROUTE, VIRTUAL_NETWORK
from sandbox.providers.cloudflare.records import DNS_RECORD
from sandbox.providers.cloudflare.resource_type import ResourceType, Values
from sandbox.providers.cloudflare.rulesets import RULESET
from sandbox.providers.cloudflare.serialization import decode, encode
from sandbox.providers.cloudflare.tunnels import TUNNEL, TUNNEL_CONFIG
from sandbox.providers.interface import Change, Diff, ProviderError, Request
from sandbox.providers.values import Secret, hide, leaves, plain

RESOURCE_TYPES = {
    "cloudflare:index/zeroTrustTunnelCloudflared:ZeroTrustTunnelCloudflared": TUNNEL,
    "cloudflare:index/zeroTrustTunnelCloudflaredConfig:ZeroTrustTunnelCloudflaredConfig": TUNNEL_CONFIG,
    "cloudflare:index/zeroTrustTunnelCloudflaredRoute:ZeroTrustTunnelCloudflaredRoute": ROUTE,
    "cloudflare:index/zeroTrustNetworkHostnameRoute:ZeroTrustNetworkHostnameRoute": HOSTNAME_ROUTE,
    "cloudflare:index/zeroTrustTunnelCloudflaredVirtualNetwork:ZeroTrustTunnelCloudflaredVirtualNetwork": VIRTUAL_NETWORK,  # noqa: E501
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
"""Stored beside the outputs by the bridge."""


class Cloudflare:
    """All attached engines share one address and one token: the environment's, or the last configured provider's."""

    name = "cloudflare"

    def __init__(self) -> None:
        self._client = self._new_client({})

    def _new_client(self, config: dict[str, Any]) -> Client:
        address = config.get("baseUrl") or os.environ.get("CLOUDFLARE_BASE_URL") or BASE_URL
        return Client(address, config.get("apiToken") or os.environ.get("CLOUDFLARE_API_TOKEN", ""))

    def configure(self, config: dict[str, Any]) -> None:
        if config.get("baseUrl") or config.get("apiToken"):
            self._client = self._new_client(config)

    def check(self, request: Request) -> tuple[Values, dict[str, str]]:
        kind = _resource_type(request.type)
        inputs = plain(request.news)
        wrong = dict(problems(kind.fields, inputs))
        if len(kind.scopes) > 1 and sum(inputs.get(name) is not None for name in kind.scopes) != 1:
            wrong.setdefault("accountId", f"exactly one of {' and '.join(kind.scopes)} is required")
        return hide(request.news, {}, kind.secrets), wrong

    def diff(self, request: Request) -> Diff:
        kind = _resource_type(request.type)
        before, after = kind.state(request.outputs), plain(request.news)
        planned = _plan(kind, after, before)
        changed = [name for name in sorted(kind.fields) if not same(planned.get(name), before.get(name))]

        def replaces(name: str) -> bool:
            rule = kind.fields[name]
            return rule.replace and (rule.mode != OPTIONAL_COMPUTED or after.get(name) is not None)

        return Diff({name: Change("update", replace=replaces(name)) for name in changed})

    def create(self, request: Request) -> tuple[str, Values]:
        kind = _resource_type(request.type)
        planned = _plan(kind, plain(request.news), None)
        if kind.create_warning:
            request.warn(kind.create_warning)
        if request.preview:
            return "", _outputs(kind, planned, request.news)
        kind.check_create(planned)
        body = encode(kind.fields, planned, {})
        body = encoder_fault.sent(request.engine, kind.create, body, body)
        reply = self._call(request, kind.create, kind.collection_path(planned), body)
        state = kind.complete(apply_reply(kind.fields, planned, reply))
        return state[kind.own_id], _outputs(kind, state, request.news)

    def update(self, request: Request) -> Values:
        kind = _resource_type(request.type)
        before = kind.state(request.outputs)
        planned = _plan(kind, plain(request.news), before)
        if request.preview:
            return _outputs(kind, planned, request.news)
        body = encode(kind.fields, planned, before, changed_only=kind.update == "PATCH")
        body = encoder_fault.sent(request.engine, kind.update, body, encode(kind.fields, before, {}))
        reply = self._call(request, kind.update, kind.item_path(before, request.id), body)
        return _outputs(kind, kind.complete(apply_reply(kind.fields, planned, reply)), request.news)

    def read(self, request: Request) -> tuple[str, Values, Values] | None:
        kind = _resource_type(request.type)
        imported = not request.outputs
        state = kind.import_state(request.id) if imported else kind.state(request.outputs)
        try:
            if imported:  # read once to build a state, and once more to refresh it
                self._call(request, "GET", kind.item_path(state, state["id"] or request.id), None)
            reply = self._call(request, "GET", kind.item_path(state, state["id"] or request.id), None)
        except ApiError as error:
            if error.status == 404 and not imported:
                return None
            raise
        for name, rule in kind.fields.items():
            if not rule.path and (imported or rule.refresh):
                answer = decode(rule, reply.get(rule.api_name(name)))
                state[name] = _refreshed(answer, state[name]) if kind.ignore_unset and not imported else answer
        outputs = _outputs(kind, kind.complete(state), request.outputs)
        asked = plain(request.inputs)
        inputs = imported_inputs(kind.fields, outputs) if imported else restrict(plain(outputs), asked)
        return state[kind.own_id], outputs, hide(inputs, request.inputs, kind.secrets)

    def delete(self, request: Request) -> None:
        kind = _resource_type(request.type)
        if kind.deletes:
            self._call(request, "DELETE", kind.item_path(kind.state(request.outputs), request.id), None)

    def invoke(self, token: str, arguments: dict[str, Any]) -> dict[str, Any]:
        if token not in FUNCTIONS:
            raise ProviderError(
                f"function {token} is not supported by the stand-in; must be one of {', '.join(FUNCTIONS)}"
            )
        return FUNCTIONS[token](self._client, arguments)

    def _call(self, request: Request, method: str, path: str, body: Values | None) -> Values:
        """One call. Secrets that the API echoes are masked in the error message."""
        try:
            return self._client.call(method, path, body, pause=request.stopped.wait) or {}
        except ProviderError as error:
            message = str(error)
            for leaf in leaves([request.news, request.outputs]):
                if isinstance(leaf, Secret) and isinstance(leaf.value, str) and leaf.value:
                    message = message.replace(leaf.value, "[secret]")
            error.args = (message,)
            raise


def _resource_type(type: str) -> ResourceType:
    if type not in RESOURCE_TYPES:
        raise ProviderError(
            f"resource type {type} is not supported by the stand-in; must be one of {', '.join(RESOURCE_TYPES)}"
        )
    return RESOURCE_TYPES[type]


def _plan(kind: ResourceType, news: Values, state: Values | None) -> Values:
    return kind.follow_up(plan(kind.fields, kind.normalize(news, state) if state else news, state), state)


def _outputs(kind: ResourceType, state: Values, like: Values) -> Values:
    return hide({"__meta": META, **compact(state)}, like, kind.secrets)


def _refreshed(answer: Any, before: Any) -> Any:
    """The refreshed value: without empty replies to what was never set, and without keys that were not set."""
    return (answer or None) if before is None else restrict(answer, before)
