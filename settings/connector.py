"""The connector: how many, which version, and how it runs."""

import re
from collections import Counter
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, StrictInt, field_validator

from settings import names, sources
from settings.environment import EnvironmentVariable
from settings.fields import Options, setting
from settings.images import ImageOptions
from settings.mistakes import refuse
from settings.resources import QUANTITIES, Resources
from settings.volumes import VolumeOptions

GRACE = "whole seconds from 1s to 3m, such as 30s, 2m or 1m30s"
DEFAULT_RESOURCES = {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "512Mi"}}
SPREAD = {"maxSkew": 1, "topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": "ScheduleAnyway"}


def seconds(duration: str) -> int:
    """Seconds of a duration such as 30s, 2m or 1m30s."""
    match = re.fullmatch(r"(?=.)(?:([0-9]+)h)?(?:([0-9]+)m)?(?:([0-9]+)s)?", duration)
    if not match:
        refuse("it is no duration in whole seconds", GRACE, sources.CLOUDFLARE_PARAMETERS)
    hours, minutes, rest = (int(part or 0) for part in match.groups())
    return hours * 3600 + minutes * 60 + rest


def _grace(duration: str) -> str:
    if not 1 <= seconds(duration) <= 180:
        refuse("the connector waits three minutes at most, or does not start", GRACE, sources.CONNECTOR_GRACE)
    return duration


class SchedulingOptions(Options):
    """Where the connector's pods run, as in a pod spec."""

    node_selector: Annotated[dict[str, str], AfterValidator(names.labels)] = setting(
        "Labels of the nodes to run on.",
        "labels, each a name and a text",
        sources.KUBERNETES_SCHEDULING,
        examples=[{"kubernetes.io/arch": "amd64"}],
        default={},
    )
    tolerations: tuple[dict[str, Any], ...] = setting(
        "Taints to tolerate.",
        "a list of tolerations",
        sources.KUBERNETES_SCHEDULING,
        examples=[[{"key": "edge", "operator": "Exists"}]],
        default=(),
    )
    affinity: dict[str, Any] = setting(
        "Affinity to nodes and to other pods.",
        "an affinity",
        sources.KUBERNETES_SCHEDULING,
        examples=[{"podAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": []}}],
        default={},
    )
    priority_class_name: str | None = setting(
        "Priority class of the pods.",
        "the name of a PriorityClass",
        sources.KUBERNETES_SCHEDULING,
        examples=["high"],
        default=None,
    )
    topology_spread_constraints: tuple[dict[str, Any], ...] = setting(
        "How the pods are spread; over nodes when left out.",
        "a list of topology spread constraints",
        sources.KUBERNETES_SCHEDULING,
        examples=[[SPREAD]],
        default=(),
    )


class ConnectorOptions(Options):
    """The connector's Deployment."""

    replicas: StrictInt = setting(
        "How many connectors run. Cloudflare advises two.",
        "a whole number from 1 to 25, the most that a tunnel takes",
        sources.CLOUDFLARE_LIMITS,
        examples=[2],
        default=2,
        ge=1,
        le=25,
    )
    image: ImageOptions = setting(
        "Which image runs.",
        "{repository, tag, digest}",
        sources.KUBERNETES_IMAGES,
        examples=[{"repository": "registry.example.com/cloudflared"}],
        default=ImageOptions(),
    )
    protocol: Literal["auto", "quic", "http2"] = setting(
        "How the connector speaks to Cloudflare; quic alone has no fallback.",
        "one of auto, quic and http2",
        sources.CLOUDFLARE_PARAMETERS,
        examples=["auto"],
        default="auto",
    )
    grace_period: Annotated[str, AfterValidator(_grace)] = setting(
        "How long requests in flight may take when a connector stops.",
        GRACE,
        sources.CLOUDFLARE_PARAMETERS,
        examples=["30s", "1m30s"],
        default="30s",
    )
    log_level: Literal["debug", "info", "warn", "error", "fatal"] = setting(
        "How much the connector logs; debug logs the visitors' requests.",
        "one of debug, info, warn, error and fatal",
        sources.CLOUDFLARE_PARAMETERS,
        examples=["info"],
        default="info",
    )
    resources: Resources = setting(
        "What a connector asks for and may use at most.",
        f"requests and limits, each with {QUANTITIES}",
        sources.KUBERNETES_RESOURCES,
        examples=[DEFAULT_RESOURCES],
        default=DEFAULT_RESOURCES,
    )
    environment: tuple[EnvironmentVariable, ...] = setting(
        "Environment variables besides those that culvert sets.",
        "a list of {name, value} and {name, valueFrom}",
        sources.KUBERNETES_ENVIRONMENT,
        examples=[[{"name": "TUNNEL_EDGE_IP_VERSION", "value": "4"}]],
        default=(),
        alias="extraEnv",
    )
    extra_volumes: tuple[VolumeOptions, ...] = setting(
        "Volumes besides the token's.",
        "a list of {name, mountPath, readOnly} and one source each",
        sources.KUBERNETES_VOLUMES,
        examples=[[{"name": "origin-ca", "mountPath": "/etc/origin-ca", "secret": {"secretName": "origin-ca"}}]],
        default=(),
    )
    scheduling: SchedulingOptions = setting(
        "Where the pods run.",
        "{nodeSelector, tolerations, affinity, priorityClassName, topologySpreadConstraints}",
        sources.KUBERNETES_SCHEDULING,
        examples=[{"priorityClassName": "high"}],
        default=SchedulingOptions(),
    )

    @field_validator("environment")
    @classmethod
    def _variables_once(cls, variables: tuple[EnvironmentVariable, ...]) -> tuple[EnvironmentVariable, ...]:
        _once("name", [variable.name for variable in variables], sources.KUBERNETES_ENVIRONMENT)
        return variables

    @field_validator("extra_volumes")
    @classmethod
    def _volumes_once(cls, volumes: tuple[VolumeOptions, ...]) -> tuple[VolumeOptions, ...]:
        _once("name", [volume.name for volume in volumes], sources.KUBERNETES_VOLUMES)
        _once("mountPath", [volume.mount_path for volume in volumes], sources.KUBERNETES_VOLUMES)
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
        refuse(f"{', '.join(twice)} is there more than once", f"each {what} once", source)
