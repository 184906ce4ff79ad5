"""Tunnel, ClusterTunnel and TunnelBinding of adyanth/cloudflare-operator, v1alpha1 and v1alpha2.

Source: `api/` and `internal/controller/` of https://github.com/adyanth/cloudflare-operator
"""

from collections.abc import Mapping
from typing import Any

from ops.errors import OperatorError
from ops.migrate import extra_variables, pod_fields
from ops.migrate.existing_setup import ExistingSetup, IngressRule, SkippedItem
from ops.migrate.input_object import InputObject, Option, Place, plain
from ops.migrate.kubernetes_objects import key_of, qualified_title, title_of, titled
from settings import KubernetesService
from settings.yaml_nodes import YamlError, documents

TUNNELS = ("Tunnel", "ClusterTunnel")
PROTOCOLS = {"http", "https", "rdp", "smb", "ssh", "tcp", "udp"}
USUAL = {22: "ssh", 139: "smb", 443: "https", 445: "smb", 3389: "rdp"}
"""The protocol of a Service's first port, where the subject names none; `http` for others."""
GUESSED_PORTS = {"https": 443, "ssh": 22, "rdp": 3389, "smb": 445}
_ORIGIN = {"noTlsVerify": "noTLSVerify", "http2Origin": "http2Origin"} | {
    key: key for key in ("proxyAddress", "proxyPort", "proxyType")
}
_SUBJECT = {"fqdn", "protocol", "path", "target", "caPool", *_ORIGIN}
_CONTAINER = ("spec", "template", "spec", "containers", "cloudflared")
_PATCH = {
    ("spec", "replicas"): "connector.replicas",
    **{("spec", "template", "spec", field): path for field, path in pod_fields.POD.items()},
    (*_CONTAINER, "resources"): "connector.resources",
}


def read(objects: list[InputObject], services: Mapping[str, KubernetesService]) -> list[ExistingSetup]:
    """The setup of each tunnel. What belongs to none of them is reported with the first."""
    tunnels = [titled(one) for one in objects if one.get("kind") in TUNNELS]
    bindings = [one for one in objects if one.get("kind") == "TunnelBinding"]
    if not tunnels:
        remedy = "kubectl get tunnels.networking.cfargotunnel.com,clustertunnels -A -o yaml"
        raise OperatorError(f"there is no Tunnel or ClusterTunnel in the input: add it with {remedy}")
    # The operator writes the rules in the order of the names of their bindings.
    bindings.sort(key=lambda binding: key_of(binding)[1])
    setups = [_read_tunnel(one, [each for each in bindings if _is_bound(each, one)], services) for one in tunnels]
    for one in objects:
        title, kind = title_of(one), one.get("kind")
        reason, remedy = "culvert has no equivalent", "keep it, or do without it"
        if kind == "TunnelBinding" and not any(_is_bound(one, tunnel) for tunnel in tunnels):
            reference = titled(one).object("tunnelRef")
            reason = f"it is bound to {reference.get('kind')} {reference.get('name')}, which is not in the input"
            remedy = "add that to the input: each tunnel becomes a stack"
            setups[0].skipped.append(SkippedItem(title, reason, remedy, one.place))
        elif kind not in (*TUNNELS, "TunnelBinding"):
            setups[0].skipped.append(SkippedItem(title, reason, remedy, one.place))
    return setups


def _read_tunnel(
    tunnel: InputObject, bindings: list[InputObject], services: Mapping[str, KubernetesService]
) -> ExistingSetup:
    title = title_of(tunnel) if tunnel.get("kind") == "ClusterTunnel" else qualified_title(tunnel)
    setup = ExistingSetup(title, key_of(tunnel)[1])
    spec, status = tunnel.object("spec"), tunnel.object("status")
    details = spec.object("cloudflare")
    setup.account_id = details.text("accountId") or status.text("accountId") or None
    domain = details.text("domain")
    if domain:
        setup.zones[domain] = status.text("zoneId") or None
    _read_settings(tunnel, setup)
    for binding in bindings:
        _read_binding(titled(binding), domain, services, setup)
    fallback = spec.text("fallbackTarget") or "http_status:404"
    setup.rules.append(IngressRule("", fallback, place=spec.at("fallbackTarget")))
    return setup


def _is_bound(binding: InputObject, tunnel: InputObject) -> bool:
    ref = titled(binding).object("tunnelRef")
    matches = (ref.get("kind"), ref.get("name")) == (tunnel.get("kind"), key_of(tunnel)[1])
    return matches and (tunnel.get("kind") == "ClusterTunnel" or key_of(binding)[0] == key_of(tunnel)[0])


def _read_settings(tunnel: InputObject, setup: ExistingSetup) -> None:
    title, spec, status = title_of(tunnel), tunnel.object("spec"), tunnel.object("status")
    paths = {
        "size": "connector.replicas",
        "protocol": "connector.protocol",
        "nodeSelectors": pod_fields.SCHEDULING["nodeSelector"],
        "tolerations": pod_fields.SCHEDULING["tolerations"],
    }
    setup.settings += [
        Option(path, spec.get(key), spec.at(key))
        for key, path in paths.items()
        if spec.get(key) not in (None, "", {}, [])
    ]
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
        elif path == (*_CONTAINER, "env"):
            # Without the lines, which count from the patch's first.
            for variable in InputObject({"env": plain(value)}, place, title).objects("env"):
                extra_variables.add(variable, setup)
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


def _read_binding(
    binding: InputObject, domain: str, services: Mapping[str, KubernetesService], setup: ExistingSetup
) -> None:
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
        service = spec.text("target") or _target(title, namespace, subject, status, services, setup)
        # The operator writes these for every subject, over those of the tunnel.
        own = {"noTLSVerify": Option("noTLSVerify", False, subject.place)}
        own |= {theirs: Option(theirs, spec.get(key), spec.at(key)) for key, theirs in _ORIGIN.items() if key in spec}
        setup.rules.append(
            IngressRule(hostname, service, spec.text("path"), tuple(own.values()), dns, namespace, subject.place)
        )
        if pool := spec.get("caPool"):
            reason = f"it is the key {pool} of the tunnel's originCaPool, a Secret beside the operator's connector"
            remedy = "copy it to a Secret in the connector's namespace, and set that as the route's origin.caPool"
            setup.skipped.append(SkippedItem(f"{title}, caPool", reason, remedy, spec.at("caPool")))
        for key in spec.values:
            if key not in _SUBJECT:
                reason, remedy = "the operator has no such field", "leave it out, or correct it if it is misspelled"
                setup.skipped.append(SkippedItem(f"{title}, {key}", reason, remedy, spec.at(key)))


def _target(
    title: str,
    namespace: str,
    subject: InputObject,
    status: InputObject,
    services: Mapping[str, KubernetesService],
    setup: ExistingSetup,
) -> str:
    """The URL of the subject's Service: what the operator last wrote, else as it would be written from the first port
    of the Service and that port's usual protocol."""
    name, protocol = subject.text("name"), subject.object("spec").text("protocol")
    protocol = protocol if protocol in PROTOCOLS else ""
    if target := status.text("target"):
        return target
    service = services.get(f"{namespace}/{name}")
    if service and service.spec["ports"]:
        port = service.spec["ports"][0].get("port", 80)
        return f"{protocol or USUAL.get(port, 'http')}://{name}.{namespace}.svc:{port}"
    scheme = protocol or "http"
    port = GUESSED_PORTS.get(scheme, 80)
    has = "has no TCP port" if service else "is not in the input"
    reason = f"the Service {name} {has}, so the port {port} is guessed"
    remedy = f"correct it; or add the Service to the input: kubectl -n {namespace} get service {name} -o yaml"
    setup.skipped.append(SkippedItem(title, reason, remedy, subject.place))
    return f"{scheme}://{name}.{namespace}.svc:{port}"
