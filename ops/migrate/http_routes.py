"""HTTPRoutes of the Gateway API, as the rules that pl4nty/cloudflare-kubernetes-gateway writes for a Gateway.

Source: `internal/controller/` of https://github.com/pl4nty/cloudflare-kubernetes-gateway
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ops.errors import OperatorError
from ops.migrate.existing_setup import ExistingSetup, IngressRule, SkippedItem
from ops.migrate.input_object import InputObject, Option
from ops.migrate.kubernetes_objects import key_of, title_of, titled
from ops.migrate.pod_fields import SCHEDULING
from settings.yaml_nodes import YamlError, documents

CONTROLLER = "github.com/pl4nty/cloudflare-kubernetes-gateway"
_PARAMETERS = {
    "replicas": "connector.replicas",
    **{field: SCHEDULING[field] for field in ("nodeSelector", "affinity", "tolerations")},
    "resources": "connector.resources",
    "loglevel": "connector.logLevel",
}
Key = tuple[str, str]


def gateways_of(route: InputObject) -> list[Key]:
    """Namespace and name of each Gateway that a route belongs to."""
    namespace = key_of(route)[0]
    parents = titled(route).object("spec").objects("parentRefs")
    gateways = [one for one in parents if (one.text("kind") or "Gateway") == "Gateway"]
    found = [(one.text("namespace") or namespace, one.text("name")) for one in gateways]
    return list(dict.fromkeys(found))


def read(
    key: Key,
    gateway: InputObject | None,
    routes: Iterable[InputObject],
    config_maps: Mapping[Key, InputObject],
) -> ExistingSetup:
    """The setup of a Gateway's tunnel. `gateway` is None where the input does not have it."""
    setup = ExistingSetup(f"Gateway {'/'.join(key)}", key[1])
    for route in sorted(routes, key=key_of):
        setup.rules += _rules(titled(route), setup)
    # Every path begins with a slash, so that this expression matches any.
    setup.rules = [rule.at_any_path() if rule.path == "/" else rule for rule in setup.rules]
    setup.rules.append(IngressRule("", "http_status:404"))
    if gateway:
        _read_parameters(titled(gateway), config_maps, setup)
    return setup


def _rules(route: InputObject, setup: ExistingSetup) -> Iterator[IngressRule]:
    title, namespace, spec = title_of(route), key_of(route)[0], route.object("spec")
    hostnames = spec.strings("hostnames")
    if not hostnames:
        reason, remedy = "it has no hostnames, so the controller makes no rule of it", "add a route for each hostname"
        setup.skipped.append(SkippedItem(title, reason, remedy, spec.at("hostnames")))
    for rule in spec.objects("rules"):
        service = _service(title, rule, namespace, setup)
        paths = _paths(title, rule, setup)
        if "filters" in rule:
            reason, remedy = "the controller ignores filters", "leave them out; a stack does not change requests either"
            setup.skipped.append(SkippedItem(f"{title}, filters", reason, remedy, rule.at("filters")))
        if service:
            for hostname in hostnames:
                for path in paths:
                    yield IngressRule(hostname.value, service, path, namespace=namespace, place=rule.place)


def _paths(title: str, rule: InputObject, setup: ExistingSetup) -> list[str]:
    found: list[str] = []
    for match in rule.objects("matches"):
        found.append(match.object("path").text("value") or "/")
        for key in match.values:
            if key != "path":
                reason = f"the controller ignores {key}, so every request for the path goes to this service"
                remedy = "leave it out; a stack does not tell requests apart by it either"
                setup.skipped.append(SkippedItem(f"{title}, {key}", reason, remedy, match.at(key)))
    return list(dict.fromkeys(found)) or ["/"]


def _service(title: str, rule: InputObject, namespace: str, setup: ExistingSetup) -> str:
    """The URL of the rule's backend, of several the first; empty where it has none."""
    backends = rule.objects("backendRefs")
    usable = [
        one for one in backends if isinstance(one.get("port"), int) and (one.get("kind") or "Service") == "Service"
    ]
    for one in backends:
        if one not in usable:
            reason, remedy = "it is not a port of a Service", "name a Service and its port"
            setup.skipped.append(SkippedItem(f"{title}, {one.text('name')}", reason, remedy, one.place))
    if len(usable) > 1:
        reason = "a rule has several backends, of which cloudflared uses one for all requests"
        remedy = f"keep {usable[0].text('name')}, or route to a Service that selects the pods of all"
        setup.skipped.append(SkippedItem(f"{title}, backendRefs", reason, remedy, rule.at("backendRefs")))
    if not usable:
        return ""
    backend = usable[0]
    return f"http://{backend.text('name')}.{backend.text('namespace') or namespace}.svc:{backend.get('port')}"


def parameters_of(gateway: InputObject) -> Key:
    """Namespace and name of the ConfigMap that a Gateway names; an empty name without one."""
    reference = titled(gateway).object("spec").object("infrastructure").object("parametersRef")
    return key_of(gateway)[0], reference.text("name")


def _read_parameters(gateway: InputObject, config_maps: Mapping[Key, InputObject], setup: ExistingSetup) -> None:
    """The connector's settings, in the ConfigMap that the Gateway names."""
    namespace, name = parameters_of(gateway)
    if not name:
        return
    found = config_maps.get((namespace, name))
    if found is None:
        reason = f"the settings of its connectors are in the ConfigMap {name}, which is not in the input"
        remedy = f"add it: kubectl -n {namespace} get configmap {name} -o yaml"
        setup.skipped.append(SkippedItem(title_of(gateway), reason, remedy, gateway.place))
        return
    data = titled(found).object("data")
    for key in data.values:
        if path := _PARAMETERS.get(key):
            setup.settings.append(Option(path, _parsed(data, key), data.at(key)))
        else:
            reason, remedy = "the stack has no such setting", "see `culvert:connector` in docs/settings.md"
            setup.skipped.append(SkippedItem(f"{title_of(found)}, {key}", reason, remedy, data.at(key)))


def _parsed(data: InputObject, key: str) -> Any:
    """The value that a string of the ConfigMap has as YAML."""
    try:
        found = documents(data.text(key).encode("utf-8", "surrogatepass"))
    except YamlError as error:
        raise OperatorError(f"{data.at(key)}: {data.title}, {key} is not YAML: {error}") from None
    return found[0] if found else None
