"""The connector: its replicas, image, protocol and pods."""

import re
from typing import Annotated, Any, Literal

from annotated_types import Ge, Le
from pydantic import AfterValidator, BeforeValidator, Field, StrictBool, StrictInt, ValidationInfo, field_validator

from settings import references
from settings.errors import reject, repeated
from settings.options.environment import EnvironmentVariable
from settings.options.images import ImageOptions
from settings.options.pod_dns import DnsConfigOptions, HostAlias
from settings.options.resources import Resources
from settings.options.scheduling import SchedulingOptions
from settings.options.volumes import VolumeOptions
from settings.schema import Accepts, Example, Options
from settings.types.durations import whole_seconds
from settings.types.kubernetes import LABEL_RULE, Annotations, SecretName, labels

DEFAULT_REPLICAS = 2
MAX_REPLICAS = 25
"""A tunnel has at most 100 connections."""
MAX_GRACE_SECONDS = 180
MAX_READY_SECONDS = 300
"""Half of the time after which a Deployment counts as stuck."""
DEFAULT_RESOURCES: Resources = {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "512Mi"}}
SELECTOR_LABELS = tuple(f"app.kubernetes.io/{name}" for name in ("name", "instance", "part-of", "managed-by"))
"""Labels by which culvert selects the connector's pods."""


def seconds(duration: str) -> int:
    """Seconds of a duration such as 30s, 2m or 1m30s."""
    found = whole_seconds(duration)
    if found is None:
        reject("is not a duration in whole seconds", source=references.CLOUDFLARE_PARAMETERS)
    return found


def _with_unit(value: Any) -> Any:
    if isinstance(value, (int, str)) and not isinstance(value, bool) and re.fullmatch("[0-9]+", str(value)):
        reject("must have a unit", f"{value}s")
    return value


def _grace_period(duration: str) -> str:
    if not 1 <= seconds(duration) <= MAX_GRACE_SECONDS:
        reject("must be from 1s to 3m: the connector does not start with a longer grace period")
    return duration


def _pod_labels(values: dict[str, str]) -> dict[str, str]:
    for key in values:
        if key in SELECTOR_LABELS:
            reject(f"must not have the label {key}, by which culvert selects the connector's pods")
    return labels(values)


def _replicas(value: Any) -> Any:
    if value is None:
        reject("must be a whole number")
    return None if value == "external" else value


def _string(value: Any) -> Any:
    # YAML reads a 6 without quotes as a number.
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


_Number = Annotated[StrictInt, Ge(1), Le(MAX_REPLICAS)]
Replicas = Annotated[
    _Number | None,
    BeforeValidator(_replicas, json_schema_input_type=_Number | Literal["external"]),
    Accepts(
        f"a whole number from 1 to {MAX_REPLICAS}, the most that a tunnel supports, or external",
        references.CLOUDFLARE_LIMITS,
        (3, "external"),
    ),
]
"""None for external."""
GracePeriod = Annotated[
    str,
    BeforeValidator(_with_unit, json_schema_input_type=str),
    AfterValidator(_grace_period),
    Accepts("whole seconds from 1s to 3m, such as 30s, 2m or 1m30s", references.CONNECTOR_GRACE, ("30s", "1m30s")),
]
IpVersion = Annotated[
    Literal["auto", "4", "6"] | None,
    BeforeValidator(_string, json_schema_input_type=Literal["auto", "4", "6"] | Literal[4, 6] | None),
]
PodLabels = Annotated[
    dict[str, str],
    AfterValidator(_pod_labels),
    Accepts(f"labels other than {', '.join(SELECTOR_LABELS)}, {LABEL_RULE}", references.KUBERNETES_LABELS),
]


class ConnectorOptions(Options):
    """The connector's Deployment."""

    SOURCE = references.CLOUDFLARE_PARAMETERS

    replicas: Replicas = DEFAULT_REPLICAS
    """Number of connectors. Cloudflare recommends two. With external, an autoscaler or a person decides the number: the
    Deployment is created with two and keeps the number that it has."""
    image: Annotated[ImageOptions, Example({"repository": "registry.example.com/cloudflared"})] = (
        ImageOptions.defaults()
    )
    """Image of the connector."""
    protocol: Literal["auto", "quic", "http2"] = "auto"
    """Protocol between connector and Cloudflare; quic alone has no fallback."""
    post_quantum: Annotated[StrictBool, Accepts("true or false; true requires protocol: quic")] = False
    """Whether only post-quantum key exchanges are accepted. Without it, the connector prefers them."""
    edge_ip_version: Annotated[IpVersion, Example("auto", 6)] = None
    """IP version of the edge addresses that the connector dials; IPv4 when omitted."""
    region: Annotated[Literal["us"] | None, Accepts("us, or omitted", references.CLOUDFLARE_FIREWALL, ("us",))] = None
    """Region of Cloudflare's network that the connector stays in; any when omitted. The network policy allows that
    region's addresses."""
    min_ready_seconds: Annotated[
        StrictInt,
        Ge(0),
        Le(MAX_READY_SECONDS),
        Accepts(f"a whole number of seconds from 0 to {MAX_READY_SECONDS}", references.KUBERNETES_DEPLOYMENTS, (30,)),
    ] = 15
    """How long a new pod must be ready before a rollout stops an old one. Cloudflare's edge takes some seconds to use a
    new connection and to forget an old one, so a quicker rollout loses requests."""
    grace_period: GracePeriod = "30s"
    """How long requests in flight may take when a connector stops."""
    log_level: Literal["debug", "info", "warn", "error", "fatal"] = "info"
    """Log level of the connector; debug logs the visitors' requests."""
    log_format: Annotated[Literal["json", "default"], Example("default")] = "json"
    """Log format of the connector: one JSON object a line, or cloudflared's own text format."""
    pod_labels: Annotated[PodLabels, Example({"team": "web"})] = {}
    """Labels of the pods, besides those by which culvert selects them."""
    pod_annotations: Annotated[Annotations, Example({"linkerd.io/inject": "disabled"})] = {}
    """Annotations of the pods."""
    image_pull_secrets: Annotated[
        tuple[SecretName, ...],
        Accepts("a list of names of Secrets", references.KUBERNETES_PULL_SECRETS, (["registry"],)),
    ] = ()
    """Secrets of the namespace with which the image is pulled."""
    resources: Resources = DEFAULT_RESOURCES
    """Resource requests and limits of a connector."""
    environment: Annotated[
        tuple[EnvironmentVariable, ...],
        Field(alias="extraEnv"),
        Accepts(
            "a list of {name, value} and {name, valueFrom}",
            references.KUBERNETES_ENVIRONMENT,
            ([{"name": "TUNNEL_RETRIES", "value": "8"}],),
        ),
    ] = ()
    """Environment variables besides those that culvert sets."""
    extra_volumes: Annotated[
        tuple[VolumeOptions, ...],
        Accepts(
            "a list of {name, mountPath, readOnly} and one source each",
            references.KUBERNETES_VOLUMES,
            ([{"name": "origin-ca", "mountPath": "/etc/origin-ca", "secret": {"secretName": "origin-ca"}}],),
        ),
    ] = ()
    """Volumes besides the token's."""
    pod_security: Annotated[
        Literal["restricted", "openshift"], Accepts(source=references.OPENSHIFT_CONSTRAINTS, examples=("openshift",))
    ] = "restricted"
    """restricted runs the pods as user 65532. openshift names no user or group, so that the namespace's security
    context constraint chooses both; elsewhere such pods do not start."""
    dns_config: Annotated[DnsConfigOptions, Example({"nameservers": ["192.168.1.1"]})] = DnsConfigOptions.defaults()
    """Name servers, search domains and options of the pods' resolver, besides the cluster's."""
    host_aliases: Annotated[
        tuple[HostAlias, ...],
        Accepts(
            "a list of {ip, hostnames}",
            references.KUBERNETES_HOST_ALIASES,
            ([{"ip": "192.168.1.20", "hostnames": ["nas.home.arpa"]}],),
        ),
    ] = ()
    """Names that the pods resolve to fixed addresses, as in /etc/hosts."""
    scheduling: Annotated[SchedulingOptions, Example({"priorityClassName": "high"})] = SchedulingOptions.defaults()
    """Where the pods run."""

    @field_validator("post_quantum")
    @classmethod
    def _quic_only(cls, post_quantum: bool, info: ValidationInfo) -> bool:
        # A rejected protocol is absent here. Over HTTP/2 cloudflared refuses to start with --post-quantum.
        if post_quantum and info.data.get("protocol", "quic") != "quic":
            reject(f"requires QUIC, but protocol is {info.data['protocol']}", "true with protocol: quic, or false")
        return post_quantum

    @field_validator("image_pull_secrets")
    @classmethod
    def _unique_secrets(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        _require_unique("name", [*names], references.KUBERNETES_PULL_SECRETS)
        return names

    @field_validator("environment")
    @classmethod
    def _unique_variables(cls, variables: tuple[EnvironmentVariable, ...]) -> tuple[EnvironmentVariable, ...]:
        _require_unique("name", [variable.name for variable in variables], references.KUBERNETES_ENVIRONMENT)
        return variables

    @field_validator("host_aliases")
    @classmethod
    def _unique_aliases(cls, aliases: tuple[HostAlias, ...]) -> tuple[HostAlias, ...]:
        names = [name for alias in aliases for name in alias.hostnames]
        _require_unique("hostname", names, references.KUBERNETES_HOST_ALIASES)
        _require_unique("ip", [alias.ip for alias in aliases], references.KUBERNETES_HOST_ALIASES)
        return aliases

    @field_validator("extra_volumes")
    @classmethod
    def _unique_volumes(cls, volumes: tuple[VolumeOptions, ...]) -> tuple[VolumeOptions, ...]:
        _require_unique("name", [volume.name for volume in volumes], references.KUBERNETES_VOLUMES)
        _require_unique("mountPath", [volume.mount_path for volume in volumes], references.KUBERNETES_VOLUMES)
        return volumes

    @property
    def initial_replicas(self) -> int:
        """The number of connectors with which the Deployment is created."""
        return self.replicas or DEFAULT_REPLICAS

    @property
    def grace_period_seconds(self) -> int:
        """The grace period in seconds."""
        return seconds(self.grace_period)

    @property
    def extra_env(self) -> list[dict[str, Any]]:
        """The extra variables as a container's `env`."""
        return [variable.to_kubernetes() for variable in self.environment]


def _require_unique(key: str, values: list[str], source: str) -> None:
    if duplicates := repeated(values):
        reject(f"must have each {key} once; repeated: {', '.join(duplicates)}", f"each {key} once", source)
