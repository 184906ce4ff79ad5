"""Tunnel, ClusterTunnel and TunnelBinding of adyanth/cloudflare-operator, v1alpha1 and v1alpha2.

Source: `api/` and `internal/controller/` of https://github.com/adyanth/cloudflare-operator
"""

from collections.abc import Iterable, Mapping
from typing import Any

from ops.errors import OperatorError
from ops.migrate import origins
from ops.migrate.existing_setup import CandidateRoute, ExistingSetup, SkippedItem
from ops.migrate.shapes import Object, mapping, mappings, text
from settings import KubernetesService, PodDestination, UnusableService
from settings.yaml_nodes import YamlError, documents

GROUP = "networking.cfargotunnel.com/"
TUNNELS = ("Tunnel", "ClusterTunnel")
PORTS = {"http": 80, "https": 443, "ssh": 22, "rdp": 3389, "smb": 445}


def read(objects: Iterable[Object], tunnel_name: str | None) -> ExistingSetup:
    """The setup of one tunnel: the one of this name, or the only one."""
    objects = list(objects)
    tunnel = _select_tunnel([one for one in objects if one.get("kind") in TUNNELS], tunnel_name)
    title = _title(tunnel)
    spec, status = mapping(tunnel, "spec", title), mapping(tunnel, "status", title)
    details = mapping(spec, "cloudflare", title)
    setup = ExistingSetup(account_id=text(details, "accountId", title) or text(status, "accountId", title) or None)
    if domain := text(details, "domain", title):
        setup.zones[domain] = text(status, "zoneId", title) or None
    _read_tunnel(tunnel, setup)
    services = {_key(one): one for one in objects if one.get("kind") == "Service"}
    for one in objects:
        kind = one.get("kind")
        if kind == "TunnelBinding" and _is_bound(one, tunnel):
            _read_binding(one, domain, spec, services, setup)
        elif kind == "TunnelBinding":
            name = text(mapping(one, "tunnelRef", _title(one)), "name", _title(one))
            remedy = "run this command again with --tunnel and that name: each tunnel becomes a stack"
            setup.skipped.append(SkippedItem(_title(one), f"it is bound to another tunnel, {name}", remedy))
        elif kind not in (*TUNNELS, "Service"):
            setup.skipped.append(SkippedItem(_title(one), "culvert has no equivalent", "keep it, or do without it"))
    return setup


def _select_tunnel(tunnels: list[Object], name: str | None) -> Object:
    names = [_key(tunnel)[1] for tunnel in tunnels]
    matching = [tunnel for tunnel in tunnels if name in (None, _key(tunnel)[1])]
    if len(matching) == 1:
        return matching[0]
    if name is None and matching:
        raise OperatorError(f"there are {len(names)} tunnels, {', '.join(names)}: select one with --tunnel")
    raise OperatorError(f"there is no Tunnel or ClusterTunnel {name or ''}; tunnels: {', '.join(names) or 'none'}")


def _is_bound(binding: Object, tunnel: Object) -> bool:
    ref = mapping(binding, "tunnelRef", _title(binding))
    matches = (ref.get("kind"), ref.get("name")) == (tunnel["kind"], _key(tunnel)[1])
    return matches and (tunnel["kind"] == "ClusterTunnel" or _key(binding)[0] == _key(tunnel)[0])


def _read_tunnel(tunnel: Object, setup: ExistingSetup) -> None:
    title = _title(tunnel)
    spec, status = mapping(tunnel, "spec", title), mapping(tunnel, "status", title)
    paths = {
        "size": "connector.replicas",
        "protocol": "connector.protocol",
        "nodeSelectors": "connector.scheduling.nodeSelector",
        "tolerations": "connector.scheduling.tolerations",
    }
    setup.options |= {path: spec[key] for key, path in paths.items() if spec.get(key)}
    tunnel_id = status.get("tunnelId") or mapping(spec, "existingTunnel", title).get("id") or "of this resource"
    remedy = (
        "let the stack create its own. Move each record to it with adopt, whose id `pulumi preview` prints, and then "
        "delete this resource and the records _managed.… (TXT)"
    )
    reason = "the operator keeps its rules in a ConfigMap"
    setup.skipped.append(SkippedItem(f"{title}, the tunnel {tunnel_id}", reason, remedy))
    if image := spec.get("image"):
        reason = "the stack has its own version, pinned by digest"
        setup.skipped.append(SkippedItem(f"{title}, image {image}", reason, "set connector.image to keep this one"))
    if (fallback := spec.get("fallbackTarget") or "http_status:404") != "http_status:404":
        reason = "a stack answers 404 to requests that match no route"
        remedy = "add a route for each hostname, or one with a wildcard such as *.example.com"
        setup.skipped.append(SkippedItem(f"{title}, fallbackTarget {fallback}", reason, remedy))
    if pool := spec.get("originCaPool"):
        reason = f"the Secret {pool} is trusted for every origin"
        remedy = "set it as origin.caPool of the routes to HTTPS services"
        setup.skipped.append(SkippedItem(f"{title}, originCaPool", reason, remedy))
    try:
        for patch in documents(text(spec, "deployPatch", title).encode()):
            _read_patch(title, patch or {}, setup)
    except YamlError as error:
        raise OperatorError(f"{title}: deployPatch is not YAML: {error}") from None


def _read_patch(title: str, patch: Any, setup: ExistingSetup) -> None:
    """The patch that a v1alpha2 tunnel applies to its Deployment, where the connector has a setting for it."""
    paths = {
        ("spec", "replicas"): "connector.replicas",
        ("spec", "template", "spec", "nodeSelector"): "connector.scheduling.nodeSelector",
        ("spec", "template", "spec", "tolerations"): "connector.scheduling.tolerations",
        ("spec", "template", "spec", "affinity"): "connector.scheduling.affinity",
        ("spec", "template", "spec", "priorityClassName"): "connector.scheduling.priorityClassName",
        ("spec", "template", "spec", "topologySpreadConstraints"): "connector.scheduling.topologySpreadConstraints",
        ("spec", "template", "spec", "containers", "cloudflared", "resources"): "connector.resources",
        ("spec", "template", "spec", "containers", "cloudflared", "env"): "connector.environment",
    }

    def walk(value: Any, path: tuple[str, ...]) -> None:
        if path in paths:
            setup.options[paths[path]] = value
        elif isinstance(value, Mapping) and any(known[: len(path)] == path for known in paths):
            for key, inner in value.items():
                walk(inner, (*path, key))
        elif path[-1:] == ("containers",) and isinstance(value, list):
            for container in mappings({path[-1]: value}, path[-1], f"{title}, deployPatch"):
                name = text(container, "name", f"{title}, deployPatch {path[-1]}")
                walk({key: inner for key, inner in container.items() if key != "name"}, (*path, name))
        else:
            remedy = "see `culvert:connector` in docs/settings.md for an equivalent"
            item = f"{title}, deployPatch {'.'.join(path)}"
            setup.skipped.append(SkippedItem(item, "culvert does not patch the connector", remedy))

    walk(patch, ())


def _read_binding(
    binding: Object, domain: str, tunnel: Object, services: Mapping[tuple[str, str], Object], setup: ExistingSetup
) -> None:
    where, namespace = _title(binding), _key(binding)[0]
    statuses = mappings(mapping(binding, "status", where), "services", where)
    shared = mapping(binding, "tunnelRef", where)
    for index, subject in enumerate(mappings(binding, "subjects", where)):
        spec = mapping(subject, "spec", f"{where}, subjects[{index}]")
        status = statuses[index] if index < len(statuses) else {}
        name, fqdn = text(subject, "name", where), text(spec, "fqdn", where)
        hostname = fqdn or text(status, "hostname", where) or f"{name}.{domain}"
        path = {"path": {"regex": spec["path"]}} if spec.get("path") else {}
        service = services.get((namespace, name))
        target = text(spec, "target", where) or ("" if service else text(status, "target", where))
        title = f"{_title(binding)}, {hostname}"
        if target:
            origin_of = {"service": target.rstrip("/")}
        else:
            origin_of = _backend(title, name, namespace, text(spec, "protocol", where), service, setup)
        origin = {
            "noTLSVerify": spec.get("noTlsVerify") or tunnel.get("noTlsVerify"),
            "http2Origin": spec.get("http2Origin"),
            **{key: spec.get(key) for key in ("proxyAddress", "proxyPort", "proxyType")},
        }
        options = origins.options(title, origin, setup.skipped)
        if pool := spec.get("caPool"):
            reason = f"it is the key {pool} of the Secret {tunnel.get('originCaPool')} beside the operator's connector"
            remedy = "copy it to a Secret in the stack's namespace, and set that as the route's origin.caPool"
            setup.skipped.append(SkippedItem(f"{title}, caPool", reason, remedy))
        if shared.get("disableDNSUpdates"):
            options["dns"] = "none"
        setup.routes.append(CandidateRoute({"hostname": hostname, **origin_of, **path}, options))


def _backend(
    title: str, name: str, namespace: str, protocol: str, service: Object | None, setup: ExistingSetup
) -> dict[str, Any]:
    """The `backend` of a route to a Service: like the operator, its first port and that port's usual protocol."""
    if service is None:
        scheme = protocol or "http"
        port = PORTS.get(scheme, 80)
        reason = f"the files do not contain the Service {name}, so its port, {port}, is guessed"
        remedy = f"correct it; or add the Service to the input: kubectl -n {namespace} get service {name} -o yaml"
        setup.skipped.append(SkippedItem(title, reason, remedy))
        return {"backend": {"service": name, "namespace": namespace, "port": port, "scheme": scheme}}
    spec = mapping(service, "spec", title)
    first = next(iter(mappings(spec, "ports", title)), {})
    port, target = first.get("port", 80), first.get("targetPort")
    scheme = protocol or next((scheme for scheme, usual in PORTS.items() if usual == port), "http")
    backend = {"service": name, "namespace": namespace, "port": port, "scheme": scheme}
    pods = _pods(title, service, port, setup)
    # A port by name is read from the Service when the stack is created.
    if pods and isinstance(target, int):
        backend["targetPort"] = pods.port
    if pods and pods.pod_selector:
        backend["podSelector"] = pods.pod_selector
    return {"backend": backend}


def _pods(title: str, service: Object, port: Any, setup: ExistingSetup) -> PodDestination | None:
    """The pods behind a port of a Service in the input; None where there are none to name."""
    try:
        found = KubernetesService.of(service).destinations(port)
    except UnusableService as error:
        setup.skipped.append(SkippedItem(title, f"its Service {error.problem}", f"declare {error.accepted}"))
        return None
    except (AttributeError, KeyError, TypeError, ValueError):
        return None  # what is wrong with the Service's fields is reported as the backend's
    return next((each for each in found if isinstance(each, PodDestination)), None)


def _key(resource: Object) -> tuple[str, str]:
    """Namespace and name."""
    where = f"a {resource.get('kind')}"
    metadata = mapping(resource, "metadata", where)
    return text(metadata, "namespace", where) or "default", text(metadata, "name", where)


def _title(resource: Object) -> str:
    return f"{resource.get('kind')} {_key(resource)[1]}"
