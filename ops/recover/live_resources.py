"""Live resources: what exists at Cloudflare and in the cluster, found by a resource's inputs or by the stack's name."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from clients.cloudflare import DNS, CloudflareApi
from clients.cloudflare import TUNNEL as TUNNEL_PERMISSION
from clients.errors import KubernetesApiError
from clients.kubernetes import KubernetesApi
from components.naming import common_labels

TUNNEL = "cloudflare:index/zeroTrustTunnelCloudflared:ZeroTrustTunnelCloudflared"
RECORD = "cloudflare:index/dnsRecord:DnsRecord"
RULESET = "cloudflare:index/ruleset:Ruleset"
ROUTE = "cloudflare:index/zeroTrustTunnelCloudflaredRoute:ZeroTrustTunnelCloudflaredRoute"
NETWORK = "cloudflare:index/zeroTrustTunnelCloudflaredVirtualNetwork:ZeroTrustTunnelCloudflaredVirtualNetwork"
KINDS = {TUNNEL: "tunnel", RECORD: "record", ROUTE: "private route", NETWORK: "virtual network"}
KUBERNETES = "kubernetes:"
FIELD_MANAGER = "pulumi-kubernetes"
"""Prefix of the field managers under which the engine's plugin writes."""


@dataclass(frozen=True)
class LiveResource:
    """A resource that exists. `type` and `id` are the engine's, `path` and `body` those of the resource's API."""

    type: str
    name: str
    id: str
    path: str
    body: Mapping[str, Any]

    @property
    def kind(self) -> str:
        """Its kind for display: `tunnel`, `record`, `Deployment`."""
        return KINDS.get(self.type, self.type.rsplit(":", 1)[-1])


class LiveResources:
    """What exists at Cloudflare and in the cluster. Each is connected to on first use.

    All methods raise CheckUnavailable if one cannot be read.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        """`environ` says where they are: `CLOUDFLARE_API_TOKEN`, `CLOUDFLARE_BASE_URL`, `KUBECONFIG`."""
        self._environ = environ

    @cached_property
    def cloudflare(self) -> CloudflareApi:
        return CloudflareApi(self._environ)

    @cached_property
    def cluster(self) -> KubernetesApi:
        return KubernetesApi(self._environ.get("KUBECONFIG"))

    def find(self, type: str, inputs: Mapping[str, Any]) -> LiveResource | None:
        """The resource that was created from these inputs, if any.

        None as well for types that are not looked up: those that exist only in the state (a random value), that can be
        written twice (the rules of a tunnel), and that have no name of their own.
        """
        if type.startswith(KUBERNETES):
            return self._find_object(inputs)
        if type == TUNNEL:
            return next(self.tunnels(inputs["accountId"], inputs["name"]), None)
        if type == RECORD:
            return self._find_record(inputs)
        if type in (ROUTE, NETWORK):
            return self._find_private_network(type, inputs)
        return self._find_ruleset(inputs) if type == RULESET else None

    def tunnels(self, account: str, name: str) -> Iterator[LiveResource]:
        for body in self.cloudflare.tunnels(account, name):
            yield LiveResource(TUNNEL, name, body["id"], f"/accounts/{account}/cfd_tunnel/{body['id']}", body)

    def records(self, zone_ids: Iterable[str], comment: str) -> Iterator[LiveResource]:
        """DNS records of these zones with this comment."""
        for zone_id in zone_ids:
            for body in self.cloudflare.records(zone_id):
                if (body.get("comment") or "") == comment:
                    path = f"/zones/{zone_id}/dns_records/{body['id']}"
                    yield LiveResource(RECORD, body["name"], body["id"], path, body)

    def private_networks(self, account: str, is_own: Callable[[str], bool]) -> Iterator[LiveResource]:
        """Private routes and virtual networks whose comment satisfies `is_own`."""
        path = f"/accounts/{account}/teamnet"
        for body in self.cloudflare.private_routes(account):
            if is_own(body.get("comment") or ""):
                # Under the engine's names of these properties, which fill in what a preview does not know.
                ids = {"tunnelId": body["tunnel_id"], "virtualNetworkId": body["virtual_network_id"]}
                yield LiveResource(ROUTE, body["network"], body["id"], f"{path}/routes/{body['id']}", {**body, **ids})
        for body in self.cloudflare.virtual_networks(account):
            if is_own(body.get("comment") or ""):
                yield LiveResource(NETWORK, body["name"], body["id"], f"{path}/virtual_networks/{body['id']}", body)

    def objects(self, instance: str) -> Iterator[LiveResource]:
        """Objects with a stack's labels, except those that controllers created and those that are being deleted."""
        labels = common_labels(instance)
        for version, kind in self._kinds():
            try:
                items = self.cluster.items(kind["path"], labels)
            except KubernetesApiError as error:
                # Credentials that may not list a kind could not have created one; and some kinds cannot be listed.
                if error.status in (403, 404, 405):
                    continue
                raise
            for body in items:
                if not body["metadata"].get("ownerReferences") and not _is_terminating(body):
                    yield _from_object(version, kind, body)

    def is_deleted(self, resource: Mapping[str, Any]) -> bool:
        """Whether a tunnel no longer exists, which a refresh does not notice; False for all other types."""
        if resource["type"] != TUNNEL:
            return False
        return self.cloudflare.tunnel(resource["inputs"]["accountId"], resource["id"]) is None

    def delete(self, resource: LiveResource) -> None:
        """Deletes a resource; of a tunnel first the connections, because of which the API would refuse."""
        if resource.type == TUNNEL:
            self.cloudflare.delete(f"{resource.path}/connections", TUNNEL_PERMISSION)
            self.cloudflare.delete(resource.path, TUNNEL_PERMISSION)
        elif resource.type in (ROUTE, NETWORK):
            self.cloudflare.delete(resource.path, TUNNEL_PERMISSION)
        elif resource.type == RECORD:
            self.cloudflare.delete(resource.path, DNS)
        else:
            self.cluster.delete(resource.path)

    def _find_record(self, inputs: Mapping[str, Any]) -> LiveResource | None:
        # A record of the same name that was created elsewhere has another comment or content.
        records = self.records([inputs["zoneId"]], inputs.get("comment", ""))
        keys = ("name", "type", "content")
        return next((one for one in records if all(one.body[key] == inputs[key] for key in keys)), None)

    def _find_private_network(self, type: str, inputs: Mapping[str, Any]) -> LiveResource | None:
        name, comment = inputs["network" if type == ROUTE else "name"], inputs.get("comment", "")
        # The same network may be routed in another virtual network too, or by another owner.
        network = inputs.get("virtualNetworkId")
        for one in self.private_networks(inputs["accountId"], lambda text: text == comment):
            if (one.type, one.name) == (type, name) and (
                type == NETWORK or network in (None, one.body["virtual_network_id"])
            ):
                return one
        return None

    def _find_ruleset(self, inputs: Mapping[str, Any]) -> LiveResource | None:
        # Only a ruleset with the stack's description. An adopted one existed before, and is imported by the program.
        for body in self.cloudflare.rulesets(inputs["zoneId"]):
            if (body["phase"], body.get("description")) == (inputs["phase"], inputs["description"]):
                path = f"/zones/{inputs['zoneId']}/rulesets/{body['id']}"
                return LiveResource(RULESET, body["name"], body["id"], path, body)
        return None

    def _find_object(self, inputs: Mapping[str, Any]) -> LiveResource | None:
        metadata, version = inputs["metadata"], inputs["apiVersion"]
        kind = next((one for one in self._served(version) if one["kind"] == inputs["kind"]), None)
        if kind is None:
            return None
        namespace = f"namespaces/{metadata.get('namespace', 'default')}/" if kind["namespaced"] else ""
        body = self.cluster.find(f"{_root(version)}/{namespace}{kind['name']}/{metadata['name']}")
        # Only an object that the engine created: one of the same name that was created elsewhere has other managers.
        if body is None or not field_manager(body) or _is_terminating(body):
            return None
        return _from_object(version, kind, body)

    def _served(self, version: str) -> list[dict[str, Any]]:
        """The kinds of an API version, without subresources."""
        resource_list = self.cluster.find(_root(version)) or {}
        return [kind for kind in resource_list.get("resources") or [] if "/" not in kind["name"]]

    def _kinds(self) -> Iterator[tuple[str, dict[str, Any]]]:
        groups = self.cluster.get("/apis")["groups"]
        for version in ["v1", *(group["preferredVersion"]["groupVersion"] for group in groups)]:
            for kind in self._served(version):
                # Endpoints copy the labels of their Service, and events are not resources of a stack.
                if "list" in kind["verbs"] and kind["kind"] not in ("Endpoints", "Event"):
                    yield version, {**kind, "path": f"{_root(version)}/{kind['name']}"}


def field_manager(body: Mapping[str, Any]) -> str:
    """The engine's field manager of an object; empty if the engine did not create it."""
    names = [field.get("manager", "") for field in body["metadata"].get("managedFields") or []]
    return next((name for name in sorted(names, reverse=True) if name.startswith(FIELD_MANAGER)), "")


def _is_terminating(body: Mapping[str, Any]) -> bool:
    # A namespace, for one, outlives its deletion until its pods have used up their grace period.
    return bool(body["metadata"].get("deletionTimestamp"))


def _root(version: str) -> str:
    return f"/api/{version}" if "/" not in version else f"/apis/{version}"


def _from_object(version: str, kind: Mapping[str, Any], body: Mapping[str, Any]) -> LiveResource:
    name, namespace = body["metadata"]["name"], body["metadata"].get("namespace")
    prefix = f"namespaces/{namespace}/" if namespace else ""
    group_version = version if "/" in version else f"core/{version}"
    return LiveResource(
        f"{KUBERNETES}{group_version}:{kind['kind']}",
        name,
        f"{namespace}/{name}" if namespace else name,
        f"{_root(version)}/{prefix}{kind['name']}/{name}",
        # Items of a list do not repeat these.
        {"apiVersion": version, "kind": kind["kind"], **body},
    )
