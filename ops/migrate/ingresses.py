"""Ingress resources of STRRL/cloudflare-tunnel-ingress-controller, as the rules that it writes.

Source: `pkg/controller/transform.go` and `pkg/cloudflare-controller/` of
https://github.com/STRRL/cloudflare-tunnel-ingress-controller
"""

from collections.abc import Iterable, Mapping

from ops.migrate import ingress_annotations
from ops.migrate.existing_setup import ExistingSetup, IngressRule, SkippedItem
from ops.migrate.ingress_annotations import KNOWN, PREFIX, RefusedError
from ops.migrate.input_object import InputObject
from ops.migrate.kubernetes_objects import key_of, title_of, titled
from settings import KubernetesService

CONTROLLER = "strrl.dev/cloudflare-tunnel-ingress-controller"
USUAL_CLASS = "cloudflare-tunnel"
"""The name of the IngressClass that the controller's chart creates."""
_CLASS = "kubernetes.io/ingress.class"


def class_of(ingress: InputObject) -> str:
    """The name of an Ingress's class; empty where it has none."""
    found = titled(ingress)
    return found.object("spec").text("ingressClassName") or found.object("metadata").object("annotations").text(_CLASS)


def is_controlled(ingress: InputObject, classes: Mapping[str, str]) -> bool:
    """Whether the controller makes rules of an Ingress. `classes` has the controller of each IngressClass by name."""
    name = class_of(ingress)
    if name in classes:
        return classes[name] == CONTROLLER
    annotations = titled(ingress).object("metadata").object("annotations").values
    return name == USUAL_CLASS or any(key.startswith(PREFIX) for key in annotations)


def read(ingresses: Iterable[InputObject], services: Mapping[str, KubernetesService]) -> ExistingSetup:
    """The setup of the controller's tunnel."""
    setup = ExistingSetup("Ingresses")
    for ingress in ingresses:
        setup.name = setup.name or class_of(ingress)
        try:
            setup.rules += _rules(titled(ingress), services, setup)
        except RefusedError as error:
            reason = f"the controller makes no rule of it: {error.problem}"
            setup.skipped.append(SkippedItem(title_of(ingress), reason, error.remedy, error.place))
    setup.rules.sort(key=_precedence)
    # Every path begins with a slash, so that this expression matches any.
    setup.rules = [rule.at_any_path() if rule.path == "/" else rule for rule in setup.rules]
    setup.rules.append(IngressRule("", "http_status:404"))
    return setup


def _precedence(rule: IngressRule) -> tuple[bool, int, str, int, str]:
    """As the controller sorts its rules: exact hostnames, then the longer of wildcards and of paths."""
    wildcard = rule.hostname.startswith("*.")
    labels = -rule.hostname.count(".") if wildcard else 0
    return wildcard, labels, rule.hostname.lower(), -len(rule.path), rule.path


def _rules(ingress: InputObject, services: Mapping[str, KubernetesService], setup: ExistingSetup) -> list[IngressRule]:
    title, namespace, spec = title_of(ingress), key_of(ingress)[0], ingress.object("spec")
    annotations = ingress.object("metadata").object("annotations")
    scheme = annotations.text(f"{PREFIX}backend-protocol") or "http"
    origin, settings = ingress_annotations.origin(annotations, scheme), ingress_annotations.settings(annotations)
    found: list[IngressRule] = []
    for rule in spec.objects("rules"):
        hostname = rule.text("host")
        if not hostname:
            raise RefusedError("a rule has no host", "name the hostname of the route", rule.place)
        for path in rule.object("http").objects("paths"):
            service = _service(path, scheme, namespace, services)
            expression = path.text("path") if scheme in ("http", "https") else ""
            found.append(IngressRule(hostname, service, expression, origin, settings, namespace, path.at("path")))
        if "http" not in rule:
            reason, remedy = "the rule has no paths, so the controller skips it", "add a route with its service"
            setup.skipped.append(SkippedItem(f"{title}, {hostname}", reason, remedy, rule.place))
    for key in annotations.values:
        name = key.removeprefix(PREFIX)
        # Controllers that began as copies have prefixes which begin like this one's.
        if name not in KNOWN and key.startswith(PREFIX.partition(".")[0]):
            reason, remedy = "the controller has no such annotation", "leave it out, or correct it if it is misspelled"
            setup.skipped.append(SkippedItem(f"{title}, {key}", reason, remedy, annotations.at(key)))
    for key, remedy in (("defaultBackend", "add a route for each hostname"), ("tls", "leave it out")):
        if key in spec:
            setup.skipped.append(SkippedItem(f"{title}, {key}", "the controller ignores it", remedy, spec.at(key)))
    return found


def _service(path: InputObject, scheme: str, namespace: str, services: Mapping[str, KubernetesService]) -> str:
    """The URL of a path's backend."""
    kind = path.text("pathType")
    if kind not in ("Prefix", "ImplementationSpecific"):
        remedy = "add a route with path: {exact: …}" if kind == "Exact" else "set a pathType"
        raise RefusedError(f"it supports no pathType {kind or 'that is left out'}", remedy, path.at("pathType"))
    backend = path.object("backend").object("service")
    name, port, known = (
        backend.text("name"),
        backend.object("port"),
        services.get(f"{namespace}/{backend.text('name')}"),
    )
    number, host = port.get("number"), f"{name}.{namespace}.svc.cluster.local"
    if known and known.headless:
        remedy = "name it as the route's service, with the port of its pods"
        raise RefusedError(f"its Service {known.key} is headless", remedy, backend.at("name"))
    if known and known.spec.get("type") == "ExternalName":
        host = str(known.spec.get("externalName", ""))
    if named := port.text("name"):
        ports = known.spec["ports"] if known else ()
        number = next((each.get("port") for each in ports if each.get("name") == named), None)
        if number is None:
            known_as = "has no such port" if known else "is not in the input"
            remedy = f"add it: kubectl -n {namespace} get service {name} -o yaml"
            if known:
                remedy = "name a port that it has"
            raise RefusedError(
                f"its port is {named} of Service {namespace}/{name}, which {known_as}", remedy, port.place
            )
    if not isinstance(number, int):
        raise RefusedError(f"its Service {name} has no port", "set port.number", backend.at("port"))
    return f"{scheme}://{host}:{number}"
