"""The connector: how many, which version, and how it runs."""

import re
from collections import Counter
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, StrictBool, StrictInt, ValidationInfo, field_validator

from settings import references, types
from settings.errors import reject
from settings.options.environment import EnvironmentVariable
from settings.options.images import ImageOptions
from settings.options.resources import QUANTITIES, Resources
from settings.options.volumes import VolumeOptions
from settings.schema import Options, setting

GRACE = "whole seconds from 1s to 3m, such as 30s, 2m or 1m30s"
DEFAULT_RESOURCES = {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "512Mi"}}
OWN_LABELS = tuple(f"app.kubernetes.io/{name}" for name in ("name", "instance", "part-of", "managed-by"))
SPREAD = {"maxSkew": 1, "topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": "ScheduleAnyway"}


def seconds(duration: str) -> int:
    """Seconds of a duration such as 30s, 2m or 1m30s."""
    match = re.fullmatch(r"(?=.)(?:([0-9]+)h)?(?:([0-9]+)m)?(?:([0-9]+)s)?", duration)
    if not match:
        reject("it is no duration in whole seconds", GRACE, references.CLOUDFLARE_PARAMETERS)
    hours, minutes, rest = (int(part or 0) for part in match.groups())
    return hours * 3600 + minutes * 60 + rest


def _text(value: Any) -> Any:
    # YAML has a 6 without quotes as a number.
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _grace(duration: str) -> str:
    if not 1 <= seconds(duration) <= 180:
        reject("the connector waits three minutes at most, or does not start", GRACE, references.CONNECTOR_GRACE)
    return duration


def _pod_labels(labels: dict[str, str]) -> dict[str, str]:
    for key in labels:
        if key in OWN_LABELS:
            reject(f"{key} is what the connector's pods are found by", "other labels", references.KUBERNETES_LABELS)
    return types.labels(labels)


class SchedulingOptions(Options):
    """Where the connector's pods run, as in a pod spec."""

    node_selector: Annotated[dict[str, str], AfterValidator(types.labels)] = setting(
        "Labels of the nodes to run on.",
        "labels, each a name and a text",
        references.KUBERNETES_SCHEDULING,
        examples=[{"kubernetes.io/arch": "amd64"}],
        default={},
    )
    tolerations: tuple[dict[str, Any], ...] = setting(
        "Taints to tolerate.",
        "a list of tolerations",
        references.KUBERNETES_SCHEDULING,
        examples=[[{"key": "edge", "operator": "Exists"}]],
        default=(),
    )
    affinity: dict[str, Any] = setting(
        "Affinity to nodes and to other pods.",
        "an affinity",
        references.KUBERNETES_SCHEDULING,
        examples=[{"podAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": []}}],
        default={},
    )
    priority_class_name: str | None = setting(
        "Priority class of the pods.",
        "the name of a PriorityClass",
        references.KUBERNETES_SCHEDULING,
        examples=["high"],
        default=None,
    )
    topology_spread_constraints: tuple[dict[str, Any], ...] = setting(
        "How the pods are spread; over nodes when left out.",
        "a list of topology spread constraints",
        references.KUBERNETES_SCHEDULING,
        examples=[[SPREAD]],
        default=(),
    )


IpVersion = Annotated[
    Literal["auto", "4", "6"] | None,
    BeforeValidator(_text, json_schema_input_type=Literal["auto", "4", "6"] | Literal[4, 6] | None),
]


class ConnectorOptions(Options):
    """The connector's Deployment."""

    replicas: StrictInt = setting(
        "How many connectors run. Cloudflare advises two.",
        "a whole number from 1 to 25, the most that a tunnel takes",
        references.CLOUDFLARE_LIMITS,
        examples=[2],
        default=2,
        ge=1,
        le=25,
    )
    image: ImageOptions = setting(
        "Which image runs.",
        "{repository, tag, digest}",
        references.KUBERNETES_IMAGES,
        examples=[{"repository": "registry.example.com/cloudflared"}],
        default=ImageOptions(),
    )
    protocol: Literal["auto", "quic", "http2"] = setting(
        "How the connector speaks to Cloudflare; quic alone has no fallback.",
        "one of auto, quic and http2",
        references.CLOUDFLARE_PARAMETERS,
        examples=["auto"],
        default="auto",
    )
    post_quantum: StrictBool = setting(
        "Insists on key exchanges that quantum computers do not break; the connector prefers them in any case.",
        "true or false; true with protocol: quic",
        references.CLOUDFLARE_PARAMETERS,
        examples=[True],
        default=False,
    )
    edge_ip_version: IpVersion = setting(
        "Which addresses of Cloudflare's edge the connector goes to; IPv4 when left out.",
        "one of auto, 4 and 6",
        references.CLOUDFLARE_PARAMETERS,
        examples=["auto", 6],
        default=None,
    )
    region: Literal["us"] | None = setting(
        "Part of Cloudflare's network that the connector keeps to; anywhere when left out. The network policy opens that part.",
        "us, or nothing",
        references.CLOUDFLARE_FIREWALL,
        examples=["us"],
        default=None,
    )
    grace_period: Annotated[str, AfterValidator(_grace)] = setting(
        "How long requests in flight may take when a connector stops.",
        GRACE,
        references.CLOUDFLARE_PARAMETERS,
        examples=["30s", "1m30s"],
        default="30s",
    )
    log_level: Literal["debug", "info", "warn", "error", "fatal"] = setting(
        "How much the connector logs; debug logs the visitors' requests.",
        "one of debug, info, warn, error and fatal",
        references.CLOUDFLARE_PARAMETERS,
        examples=["info"],
        default="info",
    )
    log_format: Literal["json", "default"] = setting(
        "How the connector writes its log: an object a line, or its own text.",
        "one of json and default",
        references.CLOUDFLARE_PARAMETERS,
        examples=["default"],
        default="json",
    )
    pod_labels: Annotated[dict[str, str], AfterValidator(_pod_labels)] = setting(
        "Labels of the pods, besides those that culvert finds them by.",
        f"labels other than {', '.join(OWN_LABELS)}, each a name and a text",
        references.KUBERNETES_LABELS,
        examples=[{"team": "web"}],
        default={},
    )
    pod_annotations: Annotated[dict[str, str], AfterValidator(types.annotations)] = setting(
        "Annotations of the pods.",
        "annotations, each a name and a text",
        references.KUBERNETES_ANNOTATIONS,
        examples=[{"linkerd.io/inject": "disabled"}],
        default={},
    )
    image_pull_secrets: tuple[Annotated[str, AfterValidator(types.object_name)], ...] = setting(
        "Secrets of the namespace that the image is pulled with.",
        "a list of names of Secrets",
        references.KUBERNETES_PULL_SECRETS,
        examples=[["registry"]],
        default=(),
    )
    resources: Resources = setting(
        "What a connector asks for and may use at most.",
        f"requests and limits, each with {QUANTITIES}",
        references.KUBERNETES_RESOURCES,
        examples=[DEFAULT_RESOURCES],
        default=DEFAULT_RESOURCES,
    )
    environment: tuple[EnvironmentVariable, ...] = setting(
        "Environment variables besides those that culvert sets.",
        "a list of {name, value} and {name, valueFrom}",
        references.KUBERNETES_ENVIRONMENT,
        examples=[[{"name": "TUNNEL_RETRIES", "value": "8"}]],
        default=(),
        alias="extraEnv",
    )
    extra_volumes: tuple[VolumeOptions, ...] = setting(
        "Volumes besides the token's.",
        "a list of {name, mountPath, readOnly} and one source each",
        references.KUBERNETES_VOLUMES,
        examples=[[{"name": "origin-ca", "mountPath": "/etc/origin-ca", "secret": {"secretName": "origin-ca"}}]],
        default=(),
    )
    scheduling: SchedulingOptions = setting(
        "Where the pods run.",
        "{nodeSelector, tolerations, affinity, priorityClassName, topologySpreadConstraints}",
        references.KUBERNETES_SCHEDULING,
        examples=[{"priorityClassName": "high"}],
        default=SchedulingOptions(),
    )

    @field_validator("post_quantum")
    @classmethod
    def _over_quic(cls, post_quantum: bool, info: ValidationInfo) -> bool:
        # Where the protocol was refused, it is absent here.
        if post_quantum and info.data.get("protocol", "quic") != "quic":
            why = f"it needs quic, and protocol is {info.data['protocol']}: over HTTP/2 many a connector does not start with it"
            reject(why, "postQuantum: true with protocol: quic", references.CLOUDFLARE_PARAMETERS)
        return post_quantum

    @field_validator("environment")
    @classmethod
    def _variables_once(cls, variables: tuple[EnvironmentVariable, ...]) -> tuple[EnvironmentVariable, ...]:
        _once("name", [variable.name for variable in variables], references.KUBERNETES_ENVIRONMENT)
        return variables

    @field_validator("extra_volumes")
    @classmethod
    def _volumes_once(cls, volumes: tuple[VolumeOptions, ...]) -> tuple[VolumeOptions, ...]:
        _once("name", [volume.name for volume in volumes], references.KUBERNETES_VOLUMES)
        _once("mountPath", [volume.mount_path for volume in volumes], references.KUBERNETES_VOLUMES)
        return volumes

    @property
    def grace_period_seconds(self) -> int:
        """The grace period in seconds."""
        return seconds(self.grace_period)

    @property
    def extra_env(self) -> list[dict[str, Any]]:
        """The extra variables as a container's `env` takes them."""
        return [variable.to_kubernetes() for variable in self.environment]


def _once(what: str, values: list[str], source: str) -> None:
    if twice := [value for value, count in Counter(values).items() if count > 1]:
        reject(f"{', '.join(twice)} is there more than once", f"each {what} once", source)
