"""The tunnels of an input: each document goes to the reader of its kind."""

from collections.abc import Iterable

from ops.errors import OperatorError
from ops.migrate import (
    api_configuration,
    cloudflare_charts,
    community_chart,
    config_file,
    config_maps,
    http_routes,
    ingresses,
    operator,
    workloads,
)
from ops.migrate.existing_setup import ExistingSetup, SkippedItem
from ops.migrate.input_object import NOWHERE, InputObject
from ops.migrate.kinds import OPERATOR, Kinds
from ops.migrate.kubernetes_objects import group_of, key_of, owners, title_of, titled
from settings.plain_text import shortened

ACCEPTED = (
    "a config.yml of cloudflared, a ConfigMap with one, a Deployment (DaemonSet, StatefulSet, Pod) that runs "
    "cloudflared, values of the Helm charts cloudflare-tunnel, cloudflare-tunnel-remote or community-charts' "
    "cloudflared, the answer of GET …/cfd_tunnel/{id}/configurations, Tunnels and TunnelBindings of "
    "cloudflare-operator, Ingresses of cloudflare-tunnel-ingress-controller, HTTPRoutes of "
    "cloudflare-kubernetes-gateway, and the Services they lead to"
)


def tunnels(found: Kinds, live: Iterable[ExistingSetup] = ()) -> list[ExistingSetup]:
    """The setup of each tunnel, with those that were read from Cloudflare. What belongs to none of them is added to
    `found.skipped`."""
    read = {id(file): _read_file(file, found.namespace) for file in found.files}
    setups = [*live, *filter(None, read.values())]
    custom = [one for objects in found.objects.values() for one in objects if group_of(one) == OPERATOR]
    setups += operator.read(custom, found.services) if custom else []
    setups += _of_ingresses(found)
    setups += _of_gateways(found)
    setups += _of_workloads(found)
    if found.others and not found.from_cluster:
        titles = shortened(", ".join(title_of(one) for one in found.others), 300)
        remedy = "keep what is not the old connector's"
        found.skipped.append(SkippedItem(titles, "not about a tunnel's routes", remedy, found.others[0].place))
    for file in found.files:
        if read[id(file)] is None:
            _report_unknown(file, found, alone=not setups)
    for setup in setups:
        setup.services = found.services
    return _with_rules_from_api(setups)


def _read_file(file: InputObject, namespace: str) -> ExistingSetup | None:
    """The setup of a document that is not an object of Kubernetes; None where no reader knows it."""
    if api_configuration.is_api_configuration(file):
        return api_configuration.read(file)
    for chart in (cloudflare_charts, community_chart):
        if chart.is_values(file):
            return chart.read(file, namespace)
    return config_file.read(file) if config_file.is_config_file(file) else None


def _report_unknown(file: InputObject, found: Kinds, *, alone: bool) -> None:
    """Reports a document that no reader knows. Raises OperatorError where the input has nothing else."""
    keys = shortened(", ".join(file.values), 120) or "it has no keys"
    if alone:
        raise OperatorError(f"{file.place}: this document is not known, by its keys: {keys}. Accepted: {ACCEPTED}.")
    item = f"the document with the keys {keys}"
    reason, remedy = "it is not one that this command reads", f"leave it out; accepted are {ACCEPTED}"
    found.skipped.append(SkippedItem(item, reason, remedy, file.place))


def _of_ingresses(found: Kinds) -> list[ExistingSetup]:
    classes = {key_of(one)[1]: titled(one).object("spec").text("controller") for one in found.every("IngressClass")}
    by_class: dict[str, list[InputObject]] = {}
    for one in found.every("Ingress"):
        if ingresses.is_controlled(one, classes):
            by_class.setdefault(ingresses.class_of(one), []).append(one)
        elif not found.from_cluster:
            reason = f"its class, {ingresses.class_of(one) or 'none'}, is not one of {ingresses.CONTROLLER}"
            remedy = "keep it; or, if that controller serves it, add its IngressClass to the input"
            found.skipped.append(SkippedItem(title_of(one), reason, remedy, one.place))
    return [ingresses.read(each, found.services) for each in by_class.values()]


def _of_gateways(found: Kinds) -> list[ExistingSetup]:
    classes = {key_of(one)[1]: titled(one).object("spec").text("controllerName") for one in found.every("GatewayClass")}
    gateways = {key_of(one): one for one in found.every("Gateway")}
    routes: dict[tuple[str, str], list[InputObject]] = {}
    for route in found.every("HTTPRoute"):
        for key in http_routes.gateways_of(route):
            gateway = gateways.get(key)
            name = titled(gateway).object("spec").text("gatewayClassName") if gateway else ""
            if classes.get(name, http_routes.CONTROLLER) == http_routes.CONTROLLER:
                routes.setdefault(key, []).append(route)
            elif not found.from_cluster:
                reason = f"its Gateway {key[1]} is not one of {http_routes.CONTROLLER}"
                found.skipped.append(SkippedItem(title_of(route), reason, "keep it", route.place))
    config_maps = found.config_maps()
    return [http_routes.read(key, gateways.get(key), each, config_maps) for key, each in routes.items()]


def _of_workloads(found: Kinds) -> list[ExistingSetup]:
    """The setups of connectors that run in the cluster, and of ConfigMaps that none of them mounts."""
    resources, used, setups = found.config_maps(), set[tuple[str, str]](), list[ExistingSetup]()
    for one in found.every(*workloads.KINDS):
        if workloads.connector_of(one) is None:
            found.others += [] if owners(one) else [one]
            continue
        used |= workloads.config_maps_of(one)
        if not _is_controlled(one, found):
            setups.append(workloads.read(one, resources))
    used |= {http_routes.parameters_of(one) for one in found.every("Gateway")}
    for key, resource in resources.items():
        if key in used or _is_controlled(resource, found):
            continue
        try:
            files = config_maps.config_files(resource)
        except OperatorError:
            if not found.from_cluster:
                raise
            continue  # of another program, in a cluster that has many
        setups += [config_file.read(file, key[0]) for file in files.values()]
        found.others += [] if files else [resource]
    return setups


def _is_controlled(resource: InputObject, found: Kinds) -> bool:
    """Whether an object follows from another one of the input, which has its own reader."""
    kinds = {"Tunnel", "ClusterTunnel", "Gateway", *workloads.KINDS}
    if any(kind in kinds and found.every(kind) for kind, _ in owners(resource)):
        return True
    # The ingress controller's name is also the label of the connectors that it runs.
    return ingresses.CONTROLLER in titled(resource).object("metadata").object("labels") and bool(found.every("Ingress"))


def _with_rules_from_api(setups: Iterable[ExistingSetup]) -> list[ExistingSetup]:
    """The setups, where connectors with a token have the rules that Cloudflare's API answers for their tunnel."""
    found = list(setups)
    answers = [each for each in found if each.from_api]
    waiting = [each for each in found if each.remote]
    for setup in waiting:
        matching = [each for each in answers if setup.name in ("", each.name) and each.name]
        if len(waiting) == len(answers) == 1 and not (setup.name and answers[0].name):
            matching = answers
        if len(matching) == 1:
            if any(rule.hostname for rule in setup.rules):
                reason = "the rules that Cloudflare has for its tunnel precede those of its config.yml"
                setup.skipped.append(SkippedItem(setup.title, reason, "leave the latter out", NOWHERE))
            matching[0].take_connectors(setup)
            found.remove(setup)
        else:
            reason = "its rules are at Cloudflare, and not in the input"
            if setup.rules:
                reason = "it has a token, and rules that Cloudflare has for its tunnel would precede those of the input"
            remedy = "add the answer of GET …/configurations for its tunnel, or read it with --from-account"
            setup.skipped.append(SkippedItem(setup.title, reason, remedy, NOWHERE))
    return found
