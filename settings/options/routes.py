"""A route: which requests go to which Service."""

from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, StrictBool, StrictInt, ValidationInfo, field_validator

from settings import references, types
from settings.errors import MISSING, reject
from settings.options import services
from settings.options.access import AccessOptions
from settings.options.origins import OriginDefaults, OriginOptions, in_force
from settings.options.paths import PathOptions
from settings.options.services import ServiceUrl
from settings.schema import Options, setting

HOSTNAME = "a hostname such as blog.example.com, or *.example.com for every name below"
PORT = "a whole number from 1 to 65535"
ONE_SERVICE = "exactly one of service and backend"
EVERY_PATH = PathOptions(prefix="/")


def as_sent(text: str) -> str:
    """A hostname as it is sent: in lower case, in punycode, with `*` as the whole first label or not at all."""
    if "/" in text or "?" in text or "@" in text:
        reject("a hostname has no scheme and no path", HOSTNAME, references.CONNECTOR_RULES)
    if ":" in text:
        reject("a hostname has no port", HOSTNAME, references.CONNECTOR_RULES)
    if text == "*":
        reject("that is the catch-all, which is added for you and answers 404", HOSTNAME, references.CONNECTOR_RULES)
    rest = text.removeprefix("*.")
    if "*" in rest:
        reject("* stands for the whole first label and nowhere else", HOSTNAME, references.CONNECTOR_RULES)
    name = types.domain_name(rest, HOSTNAME)
    if rest == text:
        return name
    if len(name) > 251:
        reject("a DNS name has at most 253 characters", HOSTNAME, references.DNS_NAMES)
    return f"*.{name}"


class BackendOptions(Options):
    """A Service of the cluster and, for the network policy, the pods behind it."""

    service: Annotated[str, AfterValidator(types.service_name)] = setting(
        "Name of the Service.", "the name of a Service", references.KUBERNETES_SERVICES, examples=["api"]
    )
    namespace: Annotated[str, AfterValidator(types.namespace_name)] | None = setting(
        "Namespace of the Service; the stack's own when left out.",
        "the name of a namespace",
        references.KUBERNETES_NAMESPACES,
        examples=["shop"],
        default=None,
    )
    port: StrictInt = setting(
        "Port of the Service.", PORT, references.KUBERNETES_SERVICES, examples=[80], ge=1, le=65535
    )
    target_port: StrictInt | None = setting(
        "Port of the pods behind the Service, by number: a network policy sees that one. Left out, it is `port`.",
        f"{PORT} (of a named port, its number)",
        references.KUBERNETES_POLICIES,
        examples=[8080],
        default=None,
        ge=1,
        le=65535,
    )
    pod_selector: Annotated[dict[str, str], AfterValidator(types.labels)] | None = setting(
        "Labels of the pods behind the Service: the policy opens to them alone. Left out, to every pod of the namespace.",
        "labels, each a name and a text",
        references.KUBERNETES_LABELS,
        examples=[{"app.kubernetes.io/name": "api"}],
        default=None,
    )
    scheme: Literal["http", "https", "ws", "wss", "tcp", "ssh", "rdp", "smb"] = setting(
        "How the connector speaks to the Service.",
        f"one of {services.SCHEMES}",
        references.CONNECTOR_RULES,
        examples=["http", "https"],
        default="http",
    )


def _path(value: Any) -> Any:
    return {"prefix": value} if isinstance(value, str) else value


def _service(text: str) -> str:
    services.parse(text)
    return text


class Route(Options):
    """Requests for one hostname, or for some of its paths, and the one Service they go to."""

    hostname: Annotated[str, AfterValidator(as_sent)] = setting(
        "Public hostname, in one of the zones. With *. at its front it takes every name below, at any depth.",
        HOSTNAME,
        references.CONNECTOR_RULES,
        examples=["blog.example.com", "*.apps.example.com"],
    )
    service: Annotated[str, AfterValidator(_service)] | None = setting(
        "Where the requests go, as a URL. A bare name is a Service of the stack's namespace. The pods behind a Service are "
        "taken to listen on the URL's port; where they do not, use `backend`.",
        services.ACCEPTED,
        references.CONNECTOR_RULES,
        examples=["http://blog", "https://10.0.0.5:8443", "http_status:503"],
        default=None,
    )
    backend: BackendOptions | None = setting(
        "Where the requests go, as a Service by its parts; instead of `service`.",
        ONE_SERVICE,
        references.KUBERNETES_SERVICES,
        examples=[
            {"service": "api", "namespace": "shop", "port": 80, "targetPort": 8080, "podSelector": {"app": "api"}}
        ],
        default=None,
        validate_default=True,
    )
    path: Annotated[PathOptions | None, BeforeValidator(_path, json_schema_input_type=PathOptions | str | None)] = (
        setting(
            "Only these paths; a text is a prefix. Left out, every path.",
            "a path such as /v1, or exactly one of prefix, exact and regex",
            references.CONNECTOR_RULES,
            examples=["/v1", {"exact": "/healthz"}],
            default=None,
        )
    )
    origin_options: OriginOptions | None = setting(
        "How the connector speaks to the service.",
        "origin options, such as connectTimeout and caPool",
        references.ORIGIN_PARAMETERS,
        examples=[{"connectTimeout": 10, "caPool": {"configMap": "internal-ca"}}],
        default=None,
        alias="origin",
    )
    dns: Literal["record", "none"] = setting(
        "Whether culvert makes the hostname's record; with none there is a rule alone, and somebody else sees to the name.",
        "one of record and none",
        references.CLOUDFLARE_RECORDS,
        examples=["none"],
        default="record",
    )
    advanced_certificate: StrictBool = setting(
        "Says that the zone has a certificate for this hostname, which is two labels or more below it: Universal SSL "
        "covers one.",
        "true or false",
        references.CLOUDFLARE_CERTIFICATES,
        examples=[True],
        default=False,
    )
    public: StrictBool = setting(
        "Says that these requests are meant for everybody: the policy rule `routes-require-access` takes somebody's word for it, "
        "and a path of a hostname that is guarded otherwise is left open.",
        "true or false",
        references.CLOUDFLARE_ACCESS,
        examples=[True],
        default=False,
    )

    adopt: Annotated[str, AfterValidator(types.record_id)] | None = setting(
        "Id of the hostname's record where there is one that this stack did not make: it is taken over, and then belongs to "
        "the stack. Of no meaning once that is done.",
        types.RECORD_ID,
        references.CLOUDFLARE_RECORD_IDS,
        examples=["023e105f4ecef8ad9ca31a8372d0c353"],
        default=None,
    )
    access: AccessOptions | None = setting(
        "Who may pass, where that is not everybody: Cloudflare asks for a login or a service token, and the connector checks "
        "the ticket that it gives. It stands before a path with all that lies below, also where the path is exact.",
        "{allow, countries, serviceTokens, sessionDuration}",
        references.CLOUDFLARE_ACCESS,
        examples=[{"allow": {"emailDomains": ["example.com"]}, "sessionDuration": "8h"}],
        default=None,
    )

    @field_validator("access")
    @classmethod
    def _not_public(cls, access: AccessOptions | None, info: ValidationInfo) -> AccessOptions | None:
        if access and info.data.get("public"):
            reject("the route is public", "access, or public: true", references.CLOUDFLARE_ACCESS)
        return access

    @field_validator("backend", mode="before")
    @classmethod
    def _one(cls, backend: Any, info: ValidationInfo) -> Any:
        # A service that was refused is absent here: it was given, and is reported for itself.
        service = info.data.get("service", MISSING)
        if (service is None) == (backend is None):
            why = "a route goes to one Service, and this one names " + ("none" if backend is None else "two")
            reject(why, ONE_SERVICE, references.CONNECTOR_RULES, up=1)
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

    def origin_in_force(self, defaults: OriginDefaults) -> dict[str, Any]:
        """The origin options of this route, the stack's defaults among them, by their attributes' names."""
        return in_force(self.origin_options, defaults, self.origin.scheme)

    @property
    def paths(self) -> PathOptions:
        """The paths taken, every one where none is named."""
        return self.path or EVERY_PATH

    @property
    def requests(self) -> str:
        """The requests taken, for people: hostname and path expression."""
        return f"{self.hostname} {self.paths.pattern or ''}".strip()
