"""Tunnel, ClusterTunnel and TunnelBinding of adyanth/cloudflare-operator, v1alpha1 and v1alpha2.

Source: `api/` and `internal/controller/` of https://github.com/adyanth/cloudflare-operator
"""

from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from ops.migrate import origins
from ops.migrate.conversion import Candidate, Found, Left
from ops.migrate.errors import MigrateError

GROUP = "networking.cfargotunnel.com/"
TUNNELS = ("Tunnel", "ClusterTunnel")
PORTS = {"http": 80, "https": 443, "ssh": 22, "rdp": 3389, "smb": 445}
Object = Mapping[str, Any]


def read(objects: Iterable[Object], wanted: str | None) -> Found:
    """What these resources say of one tunnel: of the one that is `wanted`, by name, or of the only one there is."""
    objects = list(objects)
    tunnel = _chosen([each for each in objects if each.get("kind") in TUNNELS], wanted)
    spec, status = tunnel.get("spec") or {}, tunnel.get("status") or {}
    details = spec.get("cloudflare") or {}
    found = Found(account_id=details.get("accountId") or status.get("accountId"))
    if domain := details.get("domain"):
        found.zones[domain] = status.get("zoneId")
    _tunnel(tunnel, found)
    services = {_place(each): each for each in objects if each.get("kind") == "Service"}
    for binding in objects:
        kind = binding.get("kind")
        if kind == "TunnelBinding" and _bound(binding, tunnel):
            _binding(binding, domain or "", spec, services, found)
        elif kind == "TunnelBinding":
            name = (binding.get("tunnelRef") or {}).get("name")
            do = "run this again with --tunnel and that name, for a stack of its own"
            found.left.append(Left(_title(binding), f"it is bound to another tunnel, {name}", do))
        elif kind not in (*TUNNELS, "Service"):
            found.left.append(Left(_title(binding), "stacks have nothing of the kind", "keep it, or do without"))
    return found


def _chosen(tunnels: list[Object], wanted: str | None) -> Object:
    names = [each["metadata"]["name"] for each in tunnels]
    those = [each for each in tunnels if wanted in (None, each["metadata"]["name"])]
    if len(those) == 1:
        return those[0]
    if wanted is None and those:
        raise MigrateError(f"there are {len(names)} tunnels, {', '.join(names)}: say with --tunnel which one")
    raise MigrateError(f"there is no Tunnel or ClusterTunnel {wanted or ''}; there is {', '.join(names) or 'none'}")


def _bound(binding: Object, tunnel: Object) -> bool:
    ref = binding.get("tunnelRef") or {}
    there = (ref.get("kind"), ref.get("name")) == (tunnel["kind"], tunnel["metadata"]["name"])
    return there and (tunnel["kind"] == "ClusterTunnel" or _place(binding)[0] == _place(tunnel)[0])


def _tunnel(tunnel: Object, found: Found) -> None:
    spec, status = tunnel.get("spec") or {}, tunnel.get("status") or {}
    title = _title(tunnel)
    known = {
        "size": "connector.replicas",
        "protocol": "connector.protocol",
        "nodeSelectors": "connector.scheduling.nodeSelector",
        "tolerations": "connector.scheduling.tolerations",
    }
    found.options |= {path: spec[key] for key, path in known.items() if spec.get(key)}
    identity = status.get("tunnelId") or (spec.get("existingTunnel") or {}).get("id") or "of this resource"
    do = (
        "let the stack make its own. Take each record over with adopt, whose id `pulumi preview` says, and delete this resource "
        "and the records _managed.… (TXT) once that is done"
    )
    found.left.append(Left(f"{title}, the tunnel {identity}", "the operator keeps its rules in a ConfigMap", do))
    if image := spec.get("image"):
        do = "set connector.image if it must be this one"
        found.left.append(Left(f"{title}, image {image}", "the stack has a version of its own, pinned by digest", do))
    if (fallback := spec.get("fallbackTarget") or "http_status:404") != "http_status:404":
        do = "make a route for each hostname meant, or one with a wildcard such as *.example.com"
        found.left.append(Left(f"{title}, fallbackTarget {fallback}", "what no route takes is answered with 404", do))
    if pool := spec.get("originCaPool"):
        why = f"the Secret {pool} was trusted for every origin"
        do = "name it as origin.caPool of the routes to HTTPS services"
        found.left.append(Left(f"{title}, originCaPool", why, do))
    _patched(title, yaml.safe_load(spec.get("deployPatch") or "{}") or {}, found)


def _patched(title: str, patch: Any, found: Found) -> None:
    """What a v1alpha2 tunnel says of its Deployment, as far as the connector has a setting for it."""
    places = {
        ("spec", "replicas"): "connector.replicas",
        ("spec", "template", "spec", "nodeSelector"): "connector.scheduling.nodeSelector",
        ("spec", "template", "spec", "tolerations"): "connector.scheduling.tolerations",
        ("spec", "template", "spec", "affinity"): "connector.scheduling.affinity",
        ("spec", "template", "spec", "priorityClassName"): "connector.scheduling.priorityClassName",
        ("spec", "template", "spec", "topologySpreadConstraints"): "connector.scheduling.topologySpreadConstraints",
        ("spec", "template", "spec", "containers", "cloudflared", "resources"): "connector.resources",
        ("spec", "template", "spec", "containers", "cloudflared", "env"): "connector.environment",
    }

    def walk(value: Any, place: tuple[str, ...]) -> None:
        if place in places:
            found.options[places[place]] = value
        elif isinstance(value, Mapping) and any(known[: len(place)] == place for known in places):
            for key, inner in value.items():
                walk(inner, (*place, key))
        elif place[-1:] == ("containers",) and isinstance(value, list):
            for container in value:
                walk({key: inner for key, inner in container.items() if key != "name"}, (*place, container.get("name")))
        else:
            do = "see `culvert:connector` in docs/settings.md for what may stand in its place"
            found.left.append(Left(f"{title}, deployPatch {'.'.join(place)}", "the connector is not patched", do))

    walk(patch, ())


def _binding(
    binding: Object, domain: str, tunnel: Object, services: Mapping[tuple[str, str], Object], found: Found
) -> None:
    ref, told = binding.get("tunnelRef") or {}, (binding.get("status") or {}).get("services") or []
    for number, subject in enumerate(binding.get("subjects") or []):
        spec = subject.get("spec") or {}
        status = told[number] if number < len(told) else {}
        hostname = spec.get("fqdn") or status.get("hostname") or f"{subject['name']}.{domain}"
        path = {"path": {"regex": spec["path"]}} if spec.get("path") else {}
        service = services.get((_place(binding)[0], subject["name"]))
        title = f"{_title(binding)}, {hostname}"
        if spec.get("target") or (status.get("target") and not service):
            target = {"service": (spec.get("target") or status["target"]).rstrip("/")}
        else:
            target = _backend(title, subject["name"], _place(binding)[0], spec.get("protocol"), service, found)
        origin = {
            "noTLSVerify": spec.get("noTlsVerify") or tunnel.get("noTlsVerify"),
            "http2Origin": spec.get("http2Origin"),
            **{key: spec.get(key) for key in ("proxyAddress", "proxyPort", "proxyType")},
        }
        options = origins.options(title, origin, found.left)
        if pool := spec.get("caPool"):
            why = f"it is the key {pool} of the Secret {tunnel.get('originCaPool')}, which was beside the operator's connector"
            do = "put it into a Secret beside the stack's, and name that as the route's origin.caPool"
            found.left.append(Left(f"{title}, caPool", why, do))
        if ref.get("disableDNSUpdates"):
            options["dns"] = "none"
        found.routes.append(Candidate({"hostname": hostname, **target, **path}, options))


def _backend(
    title: str, name: str, namespace: str, protocol: str | None, service: Object | None, found: Found
) -> dict[str, Any]:
    """A Service by its parts. The operator took its first port, and a protocol that goes with it."""
    if service is None:
        scheme = protocol or "http"
        port = PORTS.get(scheme, 80)
        do = f"correct it; or put the Service into the input too: kubectl -n {namespace} get service {name} -o yaml"
        found.left.append(
            Left(title, f"the port of Service {name} stands in none of the files, and {port} is a guess", do)
        )
        return {"backend": {"service": name, "namespace": namespace, "port": port, "scheme": scheme}}
    spec = service.get("spec") or {}
    first = (spec.get("ports") or [{}])[0]
    port, target = first.get("port", 80), first.get("targetPort")
    scheme = protocol or next((scheme for scheme, usual in PORTS.items() if usual == port), "http")
    backend = {"service": name, "namespace": namespace, "port": port, "scheme": scheme}
    if isinstance(target, int):
        backend["targetPort"] = target
    elif target:
        do = "give its number as targetPort: the network policy opens to that one"
        found.left.append(Left(title, f"the pods' port is named {target}, and a policy goes by its number", do))
    if spec.get("selector"):
        backend["podSelector"] = spec["selector"]
    return {"backend": backend}


def _place(resource: Object) -> tuple[str, str]:
    metadata = resource.get("metadata") or {}
    return metadata.get("namespace") or "default", metadata.get("name") or ""


def _title(resource: Object) -> str:
    return f"{resource.get('kind')} {_place(resource)[1]}"
