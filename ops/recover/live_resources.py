"""What is out there: looked up by what a resource's inputs say, or found by the stack's name."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from clients.cloudflare import Cloudflare
from clients.kubernetes import Cluster, Refused
from components.naming import common_labels

TUNNEL = "cloudflare:index/zeroTrustTunnelCloudflared:ZeroTrustTunnelCloudflared"
RECORD = "cloudflare:index/dnsRecord:DnsRecord"
RULESET = "cloudflare:index/ruleset:Ruleset"
ROUTE = "cloudflare:index/zeroTrustTunnelCloudflaredRoute:ZeroTrustTunnelCloudflaredRoute"
NETWORK = "cloudflare:index/zeroTrustTunnelCloudflaredVirtualNetwork:ZeroTrustTunnelCloudflaredVirtualNetwork"
KINDS = {TUNNEL: "tunnel", RECORD: "record", ROUTE: "private route", NETWORK: "virtual network"}
KUBERNETES = "kubernetes:"
MANAGER = "pulumi-kubernetes"
"""How the names of the field managers begin under which the engine's plugin writes."""


@dataclass(frozen=True)
class Thing:
    """One thing out there: `type` and `id` are the engine's, `path` is where its API has it, `body` what that says of it."""

    type: str
    name: str
    id: str
    path: str
    body: Mapping[str, Any]

    @property
    def kind(self) -> str:
        """A word for it: `tunnel`, `record`, `Deployment`."""
        return KINDS.get(self.type, self.type.rsplit(":", 1)[-1])


class Outside:
    """Both APIs, each reached when it is first asked. Raises Unread where there is no answer."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        """`environ` says where they are: `CLOUDFLARE_API_TOKEN`, `CLOUDFLARE_BASE_URL`, `KUBECONFIG`."""
        self._environ = environ

    @cached_property
    def cloudflare(self) -> Cloudflare:
        return Cloudflare(environ=self._environ)

    @cached_property
    def cluster(self) -> Cluster:
        return Cluster(self._environ.get("KUBECONFIG"))

    def look_up(self, type: str, inputs: Mapping[str, Any]) -> Thing | None:
        """What these inputs were made into; None where nothing was, and for what is not looked for: what has no outside (a
        random value), what can be written twice (the rules of a tunnel), and what has no name of its own."""
        if type.startswith(KUBERNETES):
            return self._object(inputs)
        if type == TUNNEL:
            return next(self.tunnels(inputs["accountId"], inputs["name"]), None)
        if type == RECORD:
            mine = (inputs["name"], inputs["type"], inputs["content"])
            # A record of that name which somebody else made has another comment or content.
            found = self.records([inputs["zoneId"]], inputs.get("comment", ""))
            return next(
                (one for one in found if tuple(one.body[key] for key in ("name", "type", "content")) == mine), None
            )
        if type in (ROUTE, NETWORK):
            # The same network may be routed in another virtual network, or be somebody else's.
            mine = (inputs["network"] if type == ROUTE else inputs["name"], inputs.get("comment", ""))
            wanted = inputs.get("virtualNetworkId")
            found = self.private(inputs["accountId"], lambda comment: comment == mine[1])
            return next(
                (
                    one
                    for one in found
                    if (one.type, one.name) == (type, mine[0])
                    and (type == NETWORK or wanted in (None, one.body["virtual_network_id"]))
                ),
                None,
            )
        if type == RULESET:
            # Only one that says it is this stack's: what is adopted is there before, and is imported by the program.
            mine = (inputs["phase"], inputs["description"])
            for body in self.cloudflare.rulesets(inputs["zoneId"]):
                if (body["phase"], body.get("description")) == mine:
                    return Thing(
                        type, body["name"], body["id"], f"/zones/{inputs['zoneId']}/rulesets/{body['id']}", body
                    )
        return None

    def tunnels(self, account: str, name: str) -> Iterator[Thing]:
        for body in self.cloudflare.tunnels(account, name):
            yield Thing(TUNNEL, name, body["id"], f"/accounts/{account}/cfd_tunnel/{body['id']}", body)

    def records(self, zones: Iterable[str], comment: str) -> Iterator[Thing]:
        """Records of these zones (by id) with this comment."""
        for zone in zones:
            for body in self.cloudflare.records(zone):
                if (body.get("comment") or "") == comment:
                    yield Thing(RECORD, body["name"], body["id"], f"/zones/{zone}/dns_records/{body['id']}", body)

    def private(self, account: str, ours: Callable[[str], bool]) -> Iterator[Thing]:
        """Private routes and virtual networks with a comment that is `ours`."""
        path = f"/accounts/{account}/teamnet"
        for body in self.cloudflare.private_routes(account):
            if ours(body.get("comment") or ""):
                # What a plan knows only later is filled in by the names of the engine's properties.
                named = {"tunnelId": body["tunnel_id"], "virtualNetworkId": body["virtual_network_id"]}
                yield Thing(ROUTE, body["network"], body["id"], f"{path}/routes/{body['id']}", {**body, **named})
        for body in self.cloudflare.virtual_networks(account):
            if ours(body.get("comment") or ""):
                yield Thing(NETWORK, body["name"], body["id"], f"{path}/virtual_networks/{body['id']}", body)

    def objects(self, instance: str) -> Iterator[Thing]:
        """Objects of the cluster with the labels of a stack's; not what controllers make of them."""
        labels = common_labels(instance)
        for version, kind in self._kinds():
            try:
                found = self.cluster.items(kind["path"], labels)
            except Refused as refusal:
                # Who may not list a kind could not have made one either; and some kinds cannot be listed.
                if refusal.status in (403, 404, 405):
                    continue
                raise
            for body in found:
                if not body["metadata"].get("ownerReferences"):
                    yield _thing(version, kind, body)

    def gone(self, resource: Mapping[str, Any]) -> bool:
        """Whether a resource that was to be deleted is: asked of tunnels, which a refresh takes for living."""
        if resource["type"] != TUNNEL:
            return False
        return self.cloudflare.tunnel(resource["inputs"]["accountId"], resource["id"]) is None

    def remove(self, thing: Thing) -> None:
        """Deletes it; a tunnel's connections first, which would keep it."""
        if thing.type == TUNNEL:
            self.cloudflare.delete(f"{thing.path}/connections", "Cloudflare Tunnel")
            self.cloudflare.delete(thing.path, "Cloudflare Tunnel")
        elif thing.type in (ROUTE, NETWORK):
            self.cloudflare.delete(thing.path, "Cloudflare Tunnel")
        elif thing.type == RECORD:
            self.cloudflare.delete(thing.path, "DNS")
        else:
            self.cluster.delete(thing.path)

    def _object(self, inputs: Mapping[str, Any]) -> Thing | None:
        metadata = inputs["metadata"]
        version, name = inputs["apiVersion"], inputs["kind"]
        kind = next((kind for kind in self._served(version) if kind["kind"] == name), None)
        if kind is None:
            return None
        namespace = f"namespaces/{metadata.get('namespace', 'default')}/" if kind["namespaced"] else ""
        body = self.cluster.find(f"{_root(version)}/{namespace}{kind['name']}/{metadata['name']}")
        # Only what the engine made: an object of that name which somebody else made has other managers.
        if body is None or not manager(body):
            return None
        return _thing(version, kind, body)

    def _served(self, version: str) -> list[dict[str, Any]]:
        """Kinds of one API version, subresources left out."""
        found = self.cluster.find(_root(version)) or {}
        return [kind for kind in found.get("resources") or [] if "/" not in kind["name"]]

    def _kinds(self) -> Iterator[tuple[str, dict[str, Any]]]:
        groups = self.cluster.get("/apis")["groups"]
        for version in ["v1", *(group["preferredVersion"]["groupVersion"] for group in groups)]:
            for kind in self._served(version):
                # Endpoints copy the labels of their Service, and events belong to nobody.
                if "list" in kind["verbs"] and kind["kind"] not in ("Endpoints", "Event"):
                    yield version, {**kind, "path": f"{_root(version)}/{kind['name']}"}


def manager(body: Mapping[str, Any]) -> str:
    """The engine's own manager of an object's fields, empty where it has none."""
    names = [field.get("manager", "") for field in body["metadata"].get("managedFields") or []]
    return next((name for name in sorted(names, reverse=True) if name.startswith(MANAGER)), "")


def _root(version: str) -> str:
    return f"/api/{version}" if "/" not in version else f"/apis/{version}"


def _thing(version: str, kind: Mapping[str, Any], body: Mapping[str, Any]) -> Thing:
    name, namespace = body["metadata"]["name"], body["metadata"].get("namespace")
    place = f"namespaces/{namespace}/" if namespace else ""
    token = version if "/" in version else f"core/{version}"
    return Thing(
        f"{KUBERNETES}{token}:{kind['kind']}",
        name,
        f"{namespace}/{name}" if namespace else name,
        f"{_root(version)}/{place}{kind['name']}/{name}",
        # Lists leave out what each object is.
        {"apiVersion": version, "kind": kind["kind"], **body},
    )
