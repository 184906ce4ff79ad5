"""The connector: how many, which version, and how it runs."""

import re
from collections import Counter
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, StrictInt, field_validator

from settings import sources
from settings.environment import EnvironmentVariable
from settings.fields import Options, setting
from settings.images import ImageOptions
from settings.mistakes import refuse
from settings.volumes import VolumeOptions

GRACE = "whole seconds from 1s to 3m, such as 30s, 2m or 1m30s"
QUANTITIES = "quantities such as 100m, 0.5, 128Mi or 1G"


def seconds(duration: str) -> int:
    """Seconds of a duration such as 30s, 2m or 1m30s."""
    match = re.fullmatch(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", duration)
    if not match or not duration:
        refuse("it is no duration in whole seconds", GRACE, sources.CLOUDFLARE_PARAMETERS)
    hours, minutes, rest = (int(part or 0) for part in match.groups())
    return hours * 3600 + minutes * 60 + rest


def _quantity(text: str) -> str:
    if not re.fullmatch(r"[0-9]+(\.[0-9]+)?(m|k|Ki|[MGTPE]i?)?", text):
        refuse("it is no quantity", QUANTITIES, sources.KUBERNETES_RESOURCES)
    return text


Amounts = dict[Literal["cpu", "memory", "ephemeral-storage"], Annotated[str, AfterValidator(_quantity)]]


class SchedulingOptions(Options):
    """Where the connector's pods run, as a pod spec says it. They are spread over nodes without it."""

    node_selector: dict[str, str] = setting(
        "Labels of the nodes to run on.",
        "labels",
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
        "Affinity to nodes and pods.",
        "an affinity",
        sources.KUBERNETES_SCHEDULING,
        examples=[{"nodeAffinity": {}}],
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
        "How the pods are spread, instead of over nodes.",
        "a list of topology spread constraints",
        sources.KUBERNETES_SCHEDULING,
        examples=[
            [{"maxSkew": 1, "topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": "ScheduleAnyway"}]
        ],
        default=(),
    )


class ConnectorOptions(Options):
    """The connector's Deployment."""

    replicas: StrictInt = setting(
        "How many connectors run. Cloudflare advises two.",
        "a whole number from 1 to 25",
        sources.CLOUDFLARE_REPLICAS,
        examples=[2],
        default=2,
        ge=1,
        le=25,
    )
    image: ImageOptions = setting(
        "Which image runs.",
        "repository, tag and digest",
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
    grace_period: str = setting(
        "How long requests in flight may take when a connector stops.",
        GRACE,
        sources.CLOUDFLARE_PARAMETERS,
        examples=["30s", "1m30s"],
        default="30s",
    )
    log_level: Literal["debug", "info", "warn", "error", "fatal"] = setting(
        "How much the connector logs; debug logs visitors' requests.",
        "one of debug, info, warn, error and fatal",
        sources.CLOUDFLARE_PARAMETERS,
        examples=["info"],
        default="info",
    )
    resources: dict[Literal["requests", "limits"], Amounts] = setting(
        "What a connector asks for and may use at most.",
        "requests and limits, each with cpu, memory and ephemeral-storage in " + QUANTITIES,
        sources.KUBERNETES_RESOURCES,
        examples=[{"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "512Mi"}}],
        default={"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "512Mi"}},
    )
    environment: tuple[EnvironmentVariable, ...] = setting(
        "Environment variables besides those culvert sets.",
        "a list of {name, value} or {name, valueFrom}",
        sources.KUBERNETES_ENVIRONMENT,
        examples=[[{"name": "TUNNEL_EDGE_IP_VERSION", "value": "4"}]],
        default=(),
        alias="extraEnv",
    )
    extra_volumes: tuple[VolumeOptions, ...] = setting(
        "Volumes besides the token's.",
        "a list of {name, mountPath} and " + "one volume source",
        sources.KUBERNETES_VOLUMES,
        examples=[[{"name": "origin-ca", "mountPath": "/etc/origin-ca", "secret": {"secretName": "origin-ca"}}]],
        default=(),
    )
    scheduling: SchedulingOptions = setting(
        "Where the pods run.",
        "nodeSelector, tolerations, affinity, priorityClassName and topologySpreadConstraints",
        sources.KUBERNETES_SCHEDULING,
        examples=[{"priorityClassName": "high"}],
        default=SchedulingOptions(),
    )

    @field_validator("grace_period")
    @classmethod
    def _grace(cls, text: str) -> str:
        if not 1 <= seconds(text) <= 180:
            refuse("the connector does not start with more than three minutes", GRACE, sources.CONNECTOR_SHUTDOWN)
        return text

    @field_validator("environment")
    @classmethod
    def _names_once(cls, variables: tuple[EnvironmentVariable, ...]) -> tuple[EnvironmentVariable, ...]:
        for name, count in Counter(variable.name for variable in variables).items():
            if count > 1:
                refuse(f"{name} is set twice", "each name once", sources.KUBERNETES_ENVIRONMENT)
        return variables

    @field_validator("extra_volumes")
    @classmethod
    def _volumes_once(cls, volumes: tuple[VolumeOptions, ...]) -> tuple[VolumeOptions, ...]:
        for what in ("name", "mount_path"):
            for taken, count in Counter(getattr(volume, what) for volume in volumes).items():
                if count > 1:
                    refuse(f"{taken} is used twice", "each name and mountPath once", sources.KUBERNETES_VOLUMES)
        return volumes

    @property
    def grace_period_seconds(self) -> int:
        """The grace period in seconds."""
        return seconds(self.grace_period)

    @property
    def extra_env(self) -> list[dict[str, Any]]:
        """The extra variables as a container's `env` takes them."""
        return [variable.to_kubernetes() for variable in self.environment]
