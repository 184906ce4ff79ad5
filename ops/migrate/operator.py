"""Tunnel, ClusterTunnel and TunnelBinding of adyanth/cloudflare-operator, v1alpha1 and v1alpha2.

Source: `api/` and `internal/controller/` of https://github.com/adyanth/cloudflare-operator
"""

from collections.abc import Mapping
from typing import Any

from ops.errors import OperatorError
from ops.migrate.existing_setup import ExistingSetup, IngressRule, SkippedItem
from ops.migrate.input_object import InputObject, Option, Place
from ops.migrate.kubernetes_objects import key_of, title_of, titled
from settings.yaml_nodes import YamlError, documents

GROUP = "networking.cfargotunnel.com/"
TUNNELS = ("Tunnel", "ClusterTunnel")
PROTOCOLS = {"http", "https", "rdp", "smb", "ssh", "tcp", "udp"}
USUAL = {22: "ssh", 139: "smb", 443: "https", 445: "smb", 3389: "rdp"}
"""The protocol of a Service's first port, where the subject names none; `http` for others."""
GUESSED_PORTS = {"https": 443, "ssh": 22, "rdp": 3389, "smb": 445}
_ORIGIN = {"noTlsVerify": "noTLSVerify", "http2Origin": "http2Origin"} | {
    key: key for key in ("proxyAddress", "proxyPort", "proxyType")
}
_SUBJECT = {"fqdn", "protocol", "path", "target", "caPool", *_ORIGIN}
_PATCH = {
    ("spec", "replicas"): "connector.replicas",
    ("spec", "template", "spec", "nodeSelector"): "connector.scheduling.nodeSelector",
    ("spec", "template", "spec", "tolerations"): "connector.scheduling.tolerations",
    ("spec", "template", "spec", "affinity"): "connector.scheduling.affinity",
    ("spec", "template", "spec", "priorityClassName"): "connector.scheduling.priorityClassName",
    ("spec", "template", "spec", "topologySpreadConstraints"): "connector.scheduling.topologySpreadConstraints",
    ("spec", "template", "spec", "containers", "cloudflared", "resources"): "connector.resources",
    ("spec", "template", "spec", "containers", "cloudflared", "env"): "connector.environment",
}


def read(objects: list[InputObject], tunnel_name: str | None, setup: ExistingSetup) -> None:
    """Adds one tunnel: the one of this name, or the only one."""
    tunnel = titled(_select_tunnel([one for one in objects if one.get("kind") in TUNNELS], tunnel_name))
    status, details = tunnel.object("status"), tunnel.object("spec").object("cloudflare")
    setup.account_id = details.text("accountId") or status.text("accountId") or None
    domain = details.text("domain")
    if domain:
        setup.zones[domain] = status.text("zoneId") or None
    _read_tunnel(tunnel, setup)
    bindings = [one for one in objects if one.get("kind") == "TunnelBinding"]
    # The operator writes the rules in the order of the names of their bindings.
    for one in sorted(bindings, key=lambda binding: key_of(binding)[1]):
        if _is_bound(one, tunnel):
            _read_binding(titled(one), domain, setup)
        else:
            name = titled(one).object("tunnelRef").text("name")
            remedy = "run this command again with --tunnel and that name: each tunnel becomes a stack"
            reason = f"it is bound to another tunnel, {name}"
            setup.skipped.append(SkippedItem(title_of(one), reason, remedy, one.place))
    for one in objects:
        if one.get("kind") not in (*TUNNELS, "TunnelBinding"):
            reason, remedy = "culvert has no equivalent", "keep it, or do without it"
            setup.skipped.append(SkippedItem(title_of(one), reason, remedy, one.place))
    fallback = tunnel.object("spec").text("fallbackTarget") or "http_status:404"
    setup.rules.append(IngressRule("", fallback, place=tunnel.object("spec").at("fallbackTarget")))


def _select_tunnel(tunnels: list[InputObject], name: str | None) -> InputObject:
    names = [key_of(tunnel)[1] for tunnel in tunnels]
    matching = [tunnel for tunnel in tunnels if name in (None, key_of(tunnel)[1])]
    if len(matching) == 1:
        return matching[0]
    if name is None and matching:
        raise OperatorError(f"there are {len(names)} tunnels, {', '.join(names)}: select one with --tunnel")
    raise OperatorError(f"there is no Tunnel or ClusterTunnel {name or ''}; tunnels: {', '.join(names) or 'none'}")


def _is_bound(binding: InputObject, tunnel: InputObject) -> bool:
    ref = titled(binding).object("tunnelRef")
    matches = (ref.get("kind"), ref.get("name")) == (tunnel.get("kind"), key_of(tunnel)[1])
    return matches and (tunnel.get("kind") == "ClusterTunnel" or key_of(binding)[0] == key_of(tunnel)[0])


def _read_tunnel(tunnel: InputObject, setup: ExistingSetup) -> None:
    title, spec, status = title_of(tunnel), tunnel.object("spec"), tunnel.object("status")
    paths = {
        "size": "connector.replicas",
        "protocol": "connector.protocol",
        "nodeSelectors": "connector.scheduling.nodeSelector",
        "tolerations": "connector.scheduling.tolerations",
    }
    setup.settings += [Option(path, spec.get(key), spec.at(key)) for key, path in paths.items() if spec.get(key)]
    tunnel_id = status.get("tunnelId") or spec.object("existingTunnel").get("id") or "of this resource"
    remedy = (
        "let the stack create its own. Move each record to it with adopt, whose id `pulumi preview` prints, and then "
        "delete this resource and the records _managed.… (TXT)"
    )
    reason = "the operator keeps its rules in a ConfigMap"
    setup.skipped.append(SkippedItem(f"{title}, the tunnel {tunnel_id}", reason, remedy, tunnel.place))
    if image := spec.get("image"):
        reason, remedy = "the stack has its own version, pinned by digest", "set connector.image to keep this one"
        setup.skipped.append(SkippedItem(f"{title}, image {image}", reason, remedy, spec.at("image")))
    if pool := spec.get("originCaPool"):
        reason = f"the Secret {pool} is trusted for every origin"
        remedy = "set it as origin.caPool of the routes to HTTPS services"
        setup.skipped.append(SkippedItem(f"{title}, originCaPool", reason, remedy, spec.at("originCaPool")))
    if spec.get("noTlsVerify"):
        reason = "the operator writes each subject's own noTlsVerify over it, which is false where it is not set"
        remedy = "set origin.noTlsVerify of the routes whose origin's certificate cannot be verified"
        setup.skipped.append(SkippedItem(f"{title}, noTlsVerify", reason, remedy, spec.at("noTlsVerify")))
    try:
        for patch in documents(spec.text("deployPatch").encode()):
            _read_patch(title, patch or {}, spec.at("deployPatch"), setup)
    except YamlError as error:
        raise OperatorError(f"{title}: deployPatch is not YAML: {error}") from None


def _read_patch(title: str, patch: Any, place: Place, setup: ExistingSetup) -> None:
    """The patch that a v1alpha2 tunnel applies to its Deployment, where the connector has a setting for it."""

    def walk(value: Any, path: tuple[str, ...]) -> None:
        if path in _PATCH:
            setup.settings.append(Option(_PATCH[path], value, place))
        elif isinstance(value, Mapping) and any(known[: len(path)] == path for known in _PATCH):
            for key, inner in value.items():
                walk(inner, (*path, key))
        elif path[-1:] == ("containers",) and isinstance(value, list):
            where = InputObject({path[-1]: value}, place, f"{title}, deployPatch")
            for container in where.objects(path[-1]):
                name = container.text("name")
                walk({key: inner for key, inner in container.values.items() if key != "name"}, (*path, name))
        else:
            remedy = "see `culvert:connector` in docs/settings.md for an equivalent"
            item = f"{title}, deployPatch {'.'.join(path)}"
            setup.skipped.append(SkippedItem(item, "culvert does not patch the connector", remedy, place))

    walk(patch, ())


def _read_binding(binding: InputObject, domain: str, setup: ExistingSetup) -> None:
    namespace = key_of(binding)[0]
    statuses = binding.object("status").objects("services")
    ref = binding.object("tunnelRef")
    dns = (Option("dns", "none", ref.at("disableDNSUpdates")),) if ref.get("disableDNSUpdates") else ()
    for index, subject in enumerate(binding.objects("subjects")):
        spec = subject.object("spec")
        status = statuses[index] if index < len(statuses) else InputObject({})
        name = subject.text("name")
        hostname = spec.text("fqdn") or status.text("hostname") or f"{name}.{domain}"
        title = f"{title_of(binding)}, {hostname}"
        service = spec.text("target") or _target(title, namespace, subject, status, setup)
        # The operator writes these for every subject, over those of the tunnel.
        own = {"noTLSVerify": Option("noTLSVerify", False, subject.place)}
        own |= {theirs: Option(theirs, spec.get(key), spec.at(key)) for key, theirs in _ORIGIN.items() if key in spec}
        setup.rules.append(
            IngressRule(hostname, service, spec.text("path"), tuple(own.values()), dns, namespace, subject.place)
        )
        if pool := spec.get("caPool"):
            reason = f"it is the key {pool} of the tunnel's originCaPool, a Secret beside the operator's connector"
            remedy = "copy it to a Secret in the stack's namespace, and set that as the route's origin.caPool"
            setup.skipped.append(SkippedItem(f"{title}, caPool", reason, remedy, spec.at("caPool")))
        for key in spec.values:
            if key not in _SUBJECT:
                reason, remedy = "the operator has no such field", "leave it out, or correct it if it is misspelled"
                setup.skipped.append(SkippedItem(f"{title}, {key}", reason, remedy, spec.at(key)))


def _target(title: str, namespace: str, subject: InputObject, status: InputObject, setup: ExistingSetup) -> str:
    """The URL of the subject's Service: like the operator, its first port and that port's usual protocol."""
    name, protocol = subject.text("name"), subject.object("spec").text("protocol")
    protocol = protocol if protocol in PROTOCOLS else ""
    service = setup.services.get(f"{namespace}/{name}")
    if service and service.spec["ports"]:
        port = service.spec["ports"][0].get("port", 80)
        return f"{protocol or USUAL.get(port, 'http')}://{name}.{namespace}.svc:{port}"
    if target := status.text("target"):
        return target
    scheme = protocol or "http"
    port = GUESSED_PORTS.get(scheme, 80)
    reason = f"the input does not contain the Service {name}, so its port, {port}, is guessed"
    remedy = f"correct it; or add the Service to the input: kubectl -n {namespace} get service {name} -o yaml"
    setup.skipped.append(SkippedItem(title, reason, remedy, subject.place))
    return f"{scheme}://{name}.{namespace}.svc:{port}"
