"""A route: requests for a hostname or some of its paths, and the Service that receives them."""

from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StrictBool, ValidationInfo, field_validator

from settings import references
from settings.errors import MISSING, reject, require_one
from settings.options import services, shorthand
from settings.options.access import AccessOptions
from settings.options.origins import OriginDefaults, OriginOptions, effective
from settings.options.paths import PathOptions
from settings.options.services import Service, ServiceUrl
from settings.schema import Accepts, Example, Options
from settings.types.cloudflare import RecordId
from settings.types.dns import Hostname
from settings.types.kubernetes import Labels, NamespaceName, ServiceName
from settings.types.network import Port

EVERY_PATH = PathOptions.model_construct(prefix="/")


class BackendOptions(Options):
    """A Service of the cluster and, for the network policy, the pods behind it."""

    SOURCE = references.KUBERNETES_SERVICES

    service: Annotated[ServiceName, Example("api")]
    """Name of the Service."""
    namespace: Annotated[NamespaceName | None, Example("shop")] = None
    """Namespace of the Service; the stack's own when omitted."""
    port: Annotated[Port, Example(80)]
    """Port of the Service."""
    target_port: Annotated[
        Port | None,
        Accepts(
            "a whole number from 1 to 65535 (of a named port, its number)", references.KUBERNETES_POLICIES, (8080,)
        ),
    ] = None
    """Port of the pods behind the Service, by number: that is what a network policy sees. Omitted, it is what the
    Service says; where it cannot be read, `port`."""
    pod_selector: Annotated[Labels | None, Example({"app.kubernetes.io/name": "api"})] = None
    """Labels of the pods behind the Service: the network policy allows these alone. Omitted, they are the Service's
    selector; where it cannot be read, every pod of the namespace."""
    scheme: Annotated[
        Literal["http", "https", "ws", "wss", "tcp", "ssh", "rdp", "smb"],
        Accepts(source=references.CONNECTOR_RULES, examples=("http", "https")),
    ] = "http"
    """Scheme by which the connector connects to the Service."""


Path = Annotated[
    PathOptions | None,
    BeforeValidator(shorthand.path, json_schema_input_type=PathOptions | str | None),
    Accepts(
        "a path such as /v1, or exactly one of prefix, exact and regex",
        references.CONNECTOR_RULES,
        ("/v1", {"exact": "/healthz"}),
    ),
]


class Route(Options):
    """Requests for one hostname, or for some of its paths, and the one Service that receives them."""

    SOURCE = references.CONNECTOR_RULES

    hostname: Annotated[Hostname, Example("blog.example.com", "*.apps.example.com")]
    """Public hostname, in one of the zones. With a leading *. it matches every name below, at any depth."""
    service: Service | None = None
    """Service that receives the requests, as a URL. A bare name is a Service in the stack's namespace. The pods and the
    port that the network policy allows are read from the Service. A name of two labels, such as `api.shop`, is a
    Service if it exists; `api.shop.svc` is one always, `api.shop.` a DNS name outside unless the Service exists."""
    backend: Annotated[
        BackendOptions | None,
        Field(validate_default=True),
        Accepts(
            "exactly one of service and backend",
            references.KUBERNETES_SERVICES,
            ({"service": "api", "namespace": "shop", "port": 80, "targetPort": 8080, "podSelector": {"app": "api"}},),
        ),
    ] = None
    """Service that receives the requests, by its parts; instead of `service`."""
    path: Path = None
    """Paths that the route matches; a string is a prefix. Omitted, every path."""
    origin_options: Annotated[
        OriginOptions | None,
        Field(alias="origin"),
        Accepts(
            "origin options, such as connectTimeout and caPool",
            references.ORIGIN_PARAMETERS,
            ({"connectTimeout": 10, "caPool": {"configMap": "internal-ca"}},),
        ),
    ] = None
    """How the connector connects to the service."""
    dns: Annotated[Literal["record", "none"], Accepts(source=references.CLOUDFLARE_RECORDS, examples=("none",))] = (
        "record"
    )
    """Whether culvert creates the hostname's DNS record; with none there is an ingress rule alone, and the record is
    managed elsewhere."""
    advanced_certificate: Annotated[StrictBool, Accepts(source=references.CLOUDFLARE_CERTIFICATES)] = False
    """Confirms that the zone has a certificate for this hostname, which is two labels or more below it: Universal SSL
    covers one."""
    public: Annotated[StrictBool, Accepts(source=references.CLOUDFLARE_ACCESS)] = False
    """Confirms that these requests are open to everyone: the policy rule `routes-require-access` accepts the route, and
    where Access protects the rest of the hostname, these paths stay open."""
    adopt: RecordId | None = None
    """Id of the hostname's existing DNS record, which the stack adopts: it then belongs to the stack, and the key has
    no further effect."""
    access: Annotated[
        AccessOptions | None, Example({"allow": {"emailDomains": ["example.com"]}, "sessionDuration": "8h"})
    ] = None
    """Cloudflare Access for these requests: Cloudflare requires a login or a service token, and the connector verifies
    the JWT. It covers the path with everything below, also where the path is exact."""

    @field_validator("access")
    @classmethod
    def _not_public(cls, access: AccessOptions | None, info: ValidationInfo) -> AccessOptions | None:
        if access and info.data.get("public"):
            reject("is set for a public route", "access, or public: true", references.CLOUDFLARE_ACCESS)
        return access

    @field_validator("backend", mode="before")
    @classmethod
    def _one_service(cls, backend: Any, info: ValidationInfo) -> Any:
        # A rejected service is absent from the data: it was given, and has an issue of its own.
        given = {"service": info.data.get("service", MISSING), "backend": backend}
        require_one(given, references.CONNECTOR_RULES, up=1)
        return backend

    @cached_property
    def origin(self) -> ServiceUrl:
        """The service or the backend, by its parts."""
        if self.backend is None:
            return services.parse(self.service or "")
        backend, namespace = self.backend, self.backend.namespace or ""
        host = f"{backend.service}.{namespace}.svc.cluster.local" if namespace else backend.service
        text = f"{backend.scheme}://{host}:{backend.port}"
        return ServiceUrl(text, backend.scheme, host, backend.port, backend.service, namespace)

    def with_origin(self, origin: ServiceUrl) -> "Route":
        """The route with an origin of which more is known than its text says."""
        route = self.model_copy()
        vars(route)["origin"] = origin  # where cached_property looks
        return route

    def effective_origin_options(self, defaults: OriginDefaults) -> dict[str, Any]:
        """The origin options of this route with the stack's defaults, by attribute."""
        return effective(self.origin_options, defaults, self.origin.scheme)

    @property
    def paths(self) -> PathOptions:
        """The paths that match, every one where none is specified."""
        return self.path or EVERY_PATH

    @property
    def requests(self) -> str:
        """The requests that match, for messages: hostname and path expression."""
        return f"{self.hostname} {self.paths.pattern or ''}".strip()
