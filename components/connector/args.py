"""Arguments of the connector."""

from typing import Any, NotRequired, TypedDict

import pulumi


class ExistingSecretArgs(TypedDict):
    name: str
    """Name of the Secret, in the connector's namespace."""
    key: NotRequired[str]
    """Key that holds the token; `token` by default."""


class SecretStoreArgs(TypedDict):
    name: str
    """Name of the store."""
    kind: NotRequired[str]
    """`SecretStore` (the default) or `ClusterSecretStore`."""
    property: NotRequired[str]
    """Property of the store's entry that holds the token; `token` by default, empty for entries without properties."""


class TokenDeliveryArgs(TypedDict):
    """How the token reaches the pods. At most one of the three; without any, a Secret is created."""

    certificate: NotRequired[str]
    """Public certificate of the cluster's sealed-secrets controller, in PEM; a SealedSecret is created for it."""
    secret: NotRequired[ExistingSecretArgs]
    """An existing Secret that is managed elsewhere; none is created."""
    store: NotRequired[SecretStoreArgs]
    """A store of External Secrets. The token is pushed to it from one Secret and pulled from it into another."""


class VolumeArgs(TypedDict):
    """An extra volume of the pods, in Kubernetes' own spelling."""

    volume: Any
    """An entry of a pod's `volumes`; its name must not start with `culvert-`."""
    mount: Any
    """An entry of a container's `volumeMounts`."""


class ConnectorArgs(TypedDict):
    namespace: pulumi.Input[str]
    """Namespace of everything that is created."""
    token: pulumi.Input[str]
    """Token of the tunnel. Stored as the data of a Secret, it is a secret in the state even if the input is not."""
    token_delivery: NotRequired[TokenDeliveryArgs]
    """How the token reaches the pods; through a Secret by default."""
    replicas: NotRequired[pulumi.Input[int]]
    """Number of pods, 2 by default. Each holds four connections to Cloudflare; a tunnel allows 100."""
    external_replicas: NotRequired[bool]
    """Whether an autoscaler or a person decides the number of pods. `replicas` is then the number at creation only."""
    image: NotRequired[pulumi.Input[str]]
    """Image whose entry point is `cloudflared`; by default one pinned by tag and digest."""
    min_ready_seconds: NotRequired[int]
    """Seconds that a new pod must be ready before a rollout stops an old one; 15 by default. The edge takes some
    seconds to use a new connection and to forget an old one."""
    grace_period_seconds: NotRequired[int]
    """Seconds that requests in flight get to finish when a pod stops; 30 by default. cloudflared does not start with
    more than 180."""
    resources: NotRequired[pulumi.Input[Any]]
    """Requests and limits of the container; small ones by default."""
    protocol: NotRequired[pulumi.Input[str]]
    """Protocol to Cloudflare's edge: `auto` (the default), `quic` or `http2`."""
    post_quantum: NotRequired[bool]
    """Require post-quantum key exchange, which needs `quic`. It is preferred in any case."""
    edge_ip_version: NotRequired[pulumi.Input[str | None]]
    """IP version to Cloudflare's edge: `auto`, `4` or `6`. cloudflared's default is 4."""
    region: NotRequired[pulumi.Input[str | None]]
    """`us` limits connections to data centers in the United States; pass it to the NetworkPolicy as well. Any region by
    default."""
    log_format: NotRequired[pulumi.Input[str]]
    """`json` (the default) or `default`, which is plain text."""
    pod_labels: NotRequired[dict[str, pulumi.Input[str]]]
    """Additional labels of the pods."""
    pod_annotations: NotRequired[dict[str, pulumi.Input[str]]]
    """Annotations of the pods."""
    image_pull_secrets: NotRequired[list[pulumi.Input[str]]]
    """Names of the Secrets for pulling the image."""
    log_level: NotRequired[pulumi.Input[str]]
    """`debug` (which logs requests with their headers), `info` (the default), `warn`, `error` or `fatal`."""
    extra_env: NotRequired[list[Any]]
    """Additional environment variables, as in a container's `env`."""
    extra_volumes: NotRequired[list[VolumeArgs]]
    """Additional volumes, such as the certificate authority of an origin."""
    fixed_user: NotRequired[bool]
    """Whether the pods run as user and group 65532, as by default. False leaves both to the cluster, as OpenShift
    requires; elsewhere such pods do not start."""
    ping: NotRequired[bool]
    """Whether the pods may send ICMP echo requests, for the pings of WARP clients; false by default."""
    dns_config: NotRequired[Any]
    """The pod spec's `dnsConfig`. The network policy must allow its name servers."""
    host_aliases: NotRequired[list[Any]]
    """The pod spec's `hostAliases`. The network policy must allow the addresses that routes lead to."""
    scheduling: NotRequired[dict[str, Any]]
    """Fields of the pod's spec that decide where it runs: nodeSelector, tolerations, affinity, priorityClassName and
    topologySpreadConstraints. The last replaces the default, which spreads pods over nodes where possible."""
    depends_on: NotRequired[pulumi.Input[list[Any]]]
    """Resources to create before the first pod and to delete after the last one: the network policy, without which a
    pod could connect anywhere, and the tunnel's ingress rules, without which it answers 503."""
    replace_with: NotRequired[list[Any]]
    """Resources whose replacement replaces the pods: the tunnel, which Cloudflare does not delete while it has
    connections (error 1022). The pods are deleted before it and created after it."""
