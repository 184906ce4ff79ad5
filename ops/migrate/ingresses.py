"""Ingress resources of STRRL/cloudflare-tunnel-ingress-controller, as the rules that it writes.

Source: `pkg/controller/transform.go` and `pkg/cloudflare-controller/` of
https://github.com/STRRL/cloudflare-tunnel-ingress-controller
"""

import re
from collections.abc import Iterable, Mapping

from ops.migrate.existing_setup import ExistingSetup, IngressRule, SkippedItem
from ops.migrate.input_object import InputObject, Option, Place
from ops.migrate.kubernetes_objects import key_of, title_of, titled
from ops.migrate.origins import seconds
from settings import KubernetesService

CONTROLLER = "strrl.dev/cloudflare-tunnel-ingress-controller"
USUAL_CLASS = "cloudflare-tunnel"
"""The name of the IngressClass that the controller's chart creates."""
PREFIX = "cloudflare-tunnel-ingress-controller.strrl.dev/"
_CLASS = "kubernetes.io/ingress.class"
_SWITCHES = {
    "no-happy-eyeballs": "noHappyEyeballs",
    "no-tls-verify": "noTLSVerify",
    "disable-chunked-encoding": "disableChunkedEncoding",
    "http2-origin": "http2Origin",
}
_DURATIONS = {
    "connect-timeout": "connectTimeout",
    "tls-timeout": "tlsTimeout",
    "tcp-keepalive": "tcpKeepAlive",
    "keepalive-timeout": "keepAliveTimeout",
}
_OTHERS = {"backend-protocol", "http-host-header", "origin-server-name", "disable-dns-management", "proxy-ssl-verify"}
_KNOWN = {*_SWITCHES, *_DURATIONS, *_OTHERS, "keepalive-connections"}


class _RefusedError(Exception):
    """What the controller refuses, for which it makes no rule of the whole Ingress."""

    def __init__(self, problem: str, remedy: str, place: Place) -> None:
        super().__init__(problem)
        self.problem, self.remedy, self.place = problem, remedy, place


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
        except _RefusedError as error:
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
    origin, settings = _origin(annotations, scheme), _settings(annotations)
    found: list[IngressRule] = []
    for rule in spec.objects("rules"):
        hostname = rule.text("host")
        if not hostname:
            raise _RefusedError("a rule has no host", "name the hostname of the route", rule.place)
        for path in rule.object("http").objects("paths"):
            service = _service(path, scheme, namespace, services)
            expression = path.text("path") if scheme in ("http", "https") else ""
            found.append(IngressRule(hostname, service, expression, origin, settings, namespace, path.at("path")))
        if "http" not in rule:
            reason, remedy = "the rule has no paths, so the controller skips it", "add a route with its service"
            setup.skipped.append(SkippedItem(f"{title}, {hostname}", reason, remedy, rule.place))
    for key in annotations.values:
        name = key.removeprefix(PREFIX)
        if name != key and name not in _KNOWN:
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
        raise _RefusedError(f"it supports no pathType {kind or 'that is left out'}", remedy, path.at("pathType"))
    backend = path.object("backend").object("service")
    name, port, known = (
        backend.text("name"),
        backend.object("port"),
        services.get(f"{namespace}/{backend.text('name')}"),
    )
    number, host = port.get("number"), f"{name}.{namespace}.svc.cluster.local"
    if known and known.headless:
        remedy = "name it as the route's service, with the port of its pods"
        raise _RefusedError(f"its Service {known.key} is headless", remedy, backend.at("name"))
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
            raise _RefusedError(
                f"its port is {named} of Service {namespace}/{name}, which {known_as}", remedy, port.place
            )
    if not isinstance(number, int):
        raise _RefusedError(f"its Service {name} has no port", "set port.number", backend.at("port"))
    return f"{scheme}://{host}:{number}"


def _origin(annotations: InputObject, scheme: str) -> tuple[Option, ...]:
    found: dict[str, Option] = {}
    text = {key.removeprefix(PREFIX): annotations.text(key) for key in annotations.values if key.startswith(PREFIX)}

    def add(name: str, key: str, value: object) -> None:
        found[key] = Option(key, value, annotations.at(f"{PREFIX}{name}"))

    for name, key in _SWITCHES.items():
        if name in text:
            add(name, key, _one_of(annotations, name, text[name], {"true": True, "false": False}))
    for name, key in _DURATIONS.items():
        if name in text:
            duration = seconds(text[name])
            if duration is None or duration <= 0 or not float(duration).is_integer():
                raise _invalid(annotations, name, "a positive duration in whole seconds")
            add(name, key, text[name])
    if (count := text.get("keepalive-connections")) is not None:
        if not re.fullmatch("[0-9]{1,9}", count):
            raise _invalid(annotations, "keepalive-connections", "a number of at least 0")
        add("keepalive-connections", "keepAliveConnections", int(count))
    if "http-host-header" in text:
        add("http-host-header", "httpHostHeader", text["http-host-header"])
    if scheme == "https" and "origin-server-name" in text:
        add("origin-server-name", "originServerName", text["origin-server-name"])
    verify = text.get("proxy-ssl-verify")
    if verify is not None:
        if "no-tls-verify" in text:
            raise _invalid(annotations, "no-tls-verify", "either it or proxy-ssl-verify")
        _one_of(annotations, "proxy-ssl-verify", verify, {"on": True, "off": False})
    if scheme == "https" and "noTLSVerify" not in found:
        # The controller verifies no certificate unless it is to.
        add("proxy-ssl-verify", "noTLSVerify", verify != "on")
    if scheme != "https" and found.get("http2Origin", Option("", False)).value:
        raise _invalid(annotations, "http2-origin", "https as backend-protocol")
    return tuple(found.values())


def _settings(annotations: InputObject) -> tuple[Option, ...]:
    name = f"{PREFIX}disable-dns-management"
    if name not in annotations:
        return ()
    disabled = _one_of(annotations, "disable-dns-management", annotations.text(name), {"true": True, "false": False})
    return (Option("dns", "none", annotations.at(name)),) if disabled else ()


def _one_of(annotations: InputObject, name: str, value: str, values: Mapping[str, bool]) -> bool:
    if value not in values:
        raise _invalid(annotations, name, " or ".join(values))
    return values[value]


def _invalid(annotations: InputObject, name: str, accepted: str) -> _RefusedError:
    return _RefusedError(f"the annotation {name} must be {accepted}", "correct it", annotations.at(f"{PREFIX}{name}"))
