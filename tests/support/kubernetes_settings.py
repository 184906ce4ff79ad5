"""Settings that end up in Kubernetes objects: drawn at random, of which those that are accepted are kept.

Not Hypothesis': an object of a pod spec has too many parts for the entropy of one of its examples.
"""

from collections.abc import Callable, Mapping
from random import Random
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import AfterValidator, BaseModel, ValidationError

from settings import Settings, SettingsError
from settings.pod_spec.affinity import Affinity
from settings.pod_spec.placement import Toleration, TopologySpread
from settings.pod_spec.references import FILE_FIELDS, POD_FIELDS, ValueFrom
from settings.pod_spec.volumes import (
    ClaimVolume,
    ConfigMapVolume,
    CsiVolume,
    EmptyVolume,
    ProjectedVolume,
    SecretVolume,
)
from settings.schema import field_type, yaml_key

Draw = Callable[[Random], Any]
ATTEMPTS = 30
LONG = ".".join(["a" * 63] * 3)
WORDS = (
    *("a", "edge", "A_b", "a.b", "x-y", "0", "1", "42", "default", "cloudflared", "token", "ca.crt", "app", LONG),
    *("a" * 63, "a" * 64, "a" * 253, "a" * 200 + "/b", "example.com/edge", "A.b/c", "x.y/" + "a" * 64),
    *("kubernetes.io/hostname", "topology.kubernetes.io/zone", "pod-template-hash", "app.kubernetes.io/name"),
    *("kubernetes.io/metadata.name", "pulumi.com/patchForce", "kubernetes.io/config.mirror"),
    *("container.apparmor.security.beta.kubernetes.io/cloudflared", "scheduler.alpha.kubernetes.io/tolerations"),
    *("metadata.name", "metadata.labels", "metadata.labels['a']", "metadata.annotations['x/Y']", "status.podIP"),
    *("spec.nodeName", "limits.cpu", "requests.memory", "csi.example.com", "Memory", "system-node-critical", "~"),
    *("", " ", "a ", "-a", "a-", "a b", "a..b", "a..b/c", "a.-b/c", "a/b/c", "/a", "a/", "../a", "a/../b", "..data"),
    *(".", "..", "é", "a\n", "1e3", "100m", "1Mi", "-1", "1.5", "9" * 30 + "E"),
)
CHARACTERS = "aZ0 .-_/:\"'\\{}$%\t\n\r\x00\x1b\x7f\x85\xa0é\u2028\ufeff\uffff😀"


def _any(*values: Any) -> Draw:
    return lambda random: random.choice(values)


def _mostly(*valid: Any) -> Draw:
    """Nine times in ten one of these, else any word."""
    return lambda random: random.choice(valid if random.random() < 0.9 else WORDS)


def _text(random: Random) -> str:
    return "".join(random.choices(CHARACTERS, k=random.randrange(9)))


def _list(item: Draw) -> Draw:
    return lambda random: [item(random) for _ in range(random.choice((1, 1, 2)))]


def _mapping(key: Draw, value: Draw) -> Draw:
    return lambda random: {key(random): value(random) for _ in range(random.randrange(1, 4))}


def _object(required: Mapping[str, Draw], optional: Mapping[str, Draw] | None = None) -> Draw:
    def draw(random: Random) -> dict[str, Any]:
        chosen = {key: value for key, value in (optional or {}).items() if random.random() < 0.4}
        return {key: value(random) for key, value in {**required, **chosen}.items()}

    return draw


def _one_of(*draws: Draw) -> Draw:
    return lambda random: random.choice(draws)(random)


KEYS = _mostly("a", "A_b", "x.y/z", "kubernetes.io/hostname", "example.com/" + "a" * 63, "app.kubernetes.io/name")
VALUES = _mostly("a", "A.b_c", "", "1", "a" * 63)
NAMES = _mostly("a", "a.b", "x-1", "0", "a" * 63, LONG)
DATA_KEYS = _mostly("a", "ca.crt", "A_b", "a..b", ".a", "a" * 253)
LABELS = _mapping(KEYS, VALUES)
NUMBERS = _any(0, 1, 1, 2, 2, 100, 101, 256, 420, 511, 512, 600, -1, (1 << 31) - 1, 1 << 31, 1 << 32, 1 << 63)
QUANTITIES = _any(
    *("64Mi", "64Mi", "1Gi", "1", 1, 0.5, "100m", "0", "1.5", "2", "0.0001m", "1e3", "128Mi", "1G", "1.5Gi", "128M"),
    *("9" * 20, "1E", "-1", "1u", 1e30, "1Ki", "1k"),
)
POOLS = {
    "_key": KEYS,
    "_label_key": KEYS,
    "_label_text": VALUES,
    "namespace_name": NAMES,
    "object_name": NAMES,
    "secret_key": DATA_KEYS,
    "_relative_path": _mostly("a", "a/b", "a..b", ".a", "a b", "é", "a" * 300),
    "_not_empty": _mostly("a", "node-1"),
    "_variable_field": _mostly(*POD_FIELDS, "metadata.labels['a']", "metadata.annotations['x.y/Z']"),
    "_file_field": _mostly(*FILE_FIELDS, "metadata.labels['a']"),
    "_medium": _mostly("", "Memory", "HugePages", "HugePages-2Mi"),
    "_driver": _mostly("csi.example.com", "secrets-store.csi.k8s.io", "a" * 63),
}
"""Strings for a type, by the function that validates it."""


def fields(group: type[BaseModel]) -> Draw:
    """Objects that a group accepts: of any values for its fields, the first that are valid together."""

    def draw(random: Random) -> Any:
        typed = {yaml_key(name, field): (field, _of(field_type(field))) for name, field in group.model_fields.items()}
        objects = _object(
            {key: value for key, (field, value) in typed.items() if field.is_required()},
            {key: value for key, (field, value) in typed.items() if not field.is_required()},
        )
        # The last one is returned where none was valid: the settings then drop it.
        drawn: Any = None
        for _ in range(ATTEMPTS):
            drawn = objects(random)
            if _valid(group, drawn):
                break
        return drawn

    return draw


def _of(annotation: Any) -> Draw:
    origin, arguments = get_origin(annotation), [each for each in get_args(annotation) if each is not type(None)]
    if origin is Annotated:
        validators = [part.func.__name__ for part in annotation.__metadata__ if isinstance(part, AfterValidator)]
        pools = [POOLS[name] for name in validators if name in POOLS]
        return pools[0] if pools else _of(arguments[0])
    if origin is Literal:
        return _any(*arguments)
    if origin is tuple:
        return _list(_of(arguments[0]))
    if origin is dict:
        return LABELS
    if arguments:
        return QUANTITIES if float in arguments else _one_of(*map(_of, arguments))
    if issubclass(annotation, BaseModel):
        return fields(annotation)
    return {bool: _any(True, False), int: NUMBERS, str: _any(*WORDS)}[annotation]


def _valid(group: type[BaseModel], value: Any) -> bool:
    try:
        group.model_validate(value)
    except ValidationError:
        return False
    return True


def _value_from(random: Random) -> Any:
    source = fields(ValueFrom)(random)
    key = random.choice([*source] or ["fieldRef"])
    return {key: source.get(key)}


VARIABLES = _any("A", "B", "C1", "PROXY", "TUNNEL_RETRIES", "a.b", "a-b", "_", "A..B", "A" * 300, "..a", "1A", "é", "=")
PATHS = _any("/a", "/b", "/c/d", "/e/", "/srv", "/" + "a" * 300, "/a:b", "/é", "/a b", "a", "/etc", "/a\nb")
CIDRS = _any(
    *("10.0.0.5", "10.20.0.0/16", "10.20.0.0", "fd00:1::/64", "FD00::5", "64:ff9b::a00:1", "2002:a00:1::/48"),
    *("::ffff:10.0.0.5", "::ffff:10.0.0.0/104", "10.0.0.5/8", "0.0.0.0/0", "::/0", "2001:db8::/32", "8.0.0.0/8"),
    *("169.254.20.10", "169.254.169.254", "100.64.0.0/10", "100.100.100.200", "10.20.0.0/255.255.0.0", "fe80::1%1"),
    *("168.0.0.0/8", "fd00::/8", "1.1.1.1/31", "2002::/16", "010.0.0.5", "[fd00::5]", "1.1.1.2/31", "::ffff:0:0/96"),
)
PORTS = _list(_any(1, 53, 443, 65535, 65536, 0))
VOLUMES = {
    "secret": SecretVolume,
    "configMap": ConfigMapVolume,
    "emptyDir": EmptyVolume,
    "projected": ProjectedVolume,
    "csi": CsiVolume,
    "persistentVolumeClaim": ClaimVolume,
}
PLACE = {"name": NAMES, "mountPath": PATHS, "readOnly": _any(True, False)}
PEER = {"ports": PORTS, "protocol": _any("TCP", "UDP")}
AMOUNTS = _mapping(_any("cpu", "memory", "ephemeral-storage"), QUANTITIES)
PARTS: dict[tuple[str, ...], Draw] = {
    ("connector", "scheduling", "tolerations"): _list(fields(Toleration)),
    ("connector", "scheduling", "affinity"): fields(Affinity),
    ("connector", "scheduling", "topologySpreadConstraints"): _list(fields(TopologySpread)),
    ("connector", "scheduling", "nodeSelector"): LABELS,
    ("connector", "scheduling", "priorityClassName"): NAMES,
    ("connector", "extraEnv"): _list(
        _one_of(
            _object({"name": VARIABLES, "value": _text}),
            _object({"name": VARIABLES, "valueFrom": _value_from}),
        )
    ),
    ("connector", "extraVolumes"): _list(
        _one_of(*(_object({**PLACE, kind: fields(group)}) for kind, group in VOLUMES.items()))
    ),
    ("connector", "resources"): _mapping(_any("requests", "limits"), AMOUNTS),
    ("connector", "podLabels"): LABELS,
    ("connector", "podAnnotations"): _mapping(KEYS, _text),
    ("connector", "imagePullSecrets"): _list(NAMES),
    ("connector", "image"): _object({"repository": NAMES, "tag": NAMES, "digest": _any("")}),
    ("connector", "podSecurity"): _any("restricted", "openshift"),
    ("connector", "minReadySeconds"): NUMBERS,
    ("connector", "dnsConfig"): _object(
        {},
        {
            "nameservers": _list(_any("10.0.0.10", "fd00::a", "::ffff:10.0.0.10", "1.1.1.1", "a")),
            "searches": _list(_any("a", "home.example.net", "a_b.c", ".", "a.", "A", "_tcp.a", "a_")),
            "options": _list(_object({"name": _any("ndots", "a b", "")}, {"value": _any("2", 2, "")})),
        },
    ),
    ("connector", "hostAliases"): _list(
        _object(
            {
                "ip": _any("10.0.0.10", "fd00::a", "::ffff:10.0.0.10", "FD00::B"),
                "hostnames": _list(_any("a", "nas.home.arpa", "A.b", "a_b", "bücher.example")),
            }
        )
    ),
    ("namespace",): _object({"name": NAMES, "labels": LABELS}),
    ("networkPolicy", "allow"): _list(
        _one_of(
            _object({"cidr": CIDRS, **PEER}),
            _object({"namespace": NAMES, **PEER}, {"pods": LABELS}),
        )
    ),
    ("networkPolicy", "dns"): _list(_object({"cidr": CIDRS})),
    ("networkPolicy", "preset"): _any("strict", "guide"),
    ("networkPolicy", "metricsFrom"): NAMES,
    ("privateNetworks", "routes"): _list(_object({"network": CIDRS}, {"ports": PORTS})),
    ("privateNetworks", "ping"): _any(True, False),
    ("monitoring",): _object(
        {
            "labels": LABELS,
            "monitor": _any("pod", "service"),
            "alerts": _object({"severity": VALUES}),
            "dashboard": _object({"labels": LABELS}),
        }
    ),
    ("sampleSite",): _object({"name": NAMES}, {"image": _any("a:1", "A.b/c:1", "a b:1", "a:1 ", ":1", "x.y:5/z:1")}),
    ("token",): _one_of(
        _object({"delivery": _any("existing"), "secret": _object({"name": NAMES, "key": DATA_KEYS})}),
        _object({"delivery": _any("external"), "store": _object({"name": NAMES, "property": _any(*WORDS)})}),
    ),
    ("originDefaults", "caPool"): _one_of(
        _object({"secret": NAMES, "key": DATA_KEYS}), _object({"configMap": NAMES, "key": DATA_KEYS})
    ),
}
"""A draw for each key whose value ends up in a Kubernetes object."""


def accepted_settings(random: Random, base: Mapping[str, Any]) -> dict[str, Any]:
    """Settings that are accepted: `base`, and of each part the first of some values with which it still is."""
    values = dict(base)
    for path, draw in PARTS.items():
        for _ in range(4):
            candidate = _with(values, path, draw(random))
            if _accepted(candidate):
                values = candidate
                break
    return values


def _with(values: Mapping[str, Any], path: tuple[str, ...], value: Any) -> dict[str, Any]:
    key, *rest = path
    inner = values.get(key, {})
    return {**values, key: _with(inner if isinstance(inner, dict) else {}, tuple(rest), value) if rest else value}


def _accepted(values: Mapping[str, Any]) -> bool:
    try:
        Settings.parse(values)
    except SettingsError:
        return False
    return True
