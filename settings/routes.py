"""A route: which requests go to which Service."""

from functools import cached_property
from typing import Annotated, Any

from pydantic import BeforeValidator, StrictBool, StrictInt, field_validator

from settings import names, services, sources
from settings.fields import Options, setting
from settings.mistakes import refuse
from settings.paths import PathOptions
from settings.services import ServiceUrl

HOSTNAME = "a hostname such as blog.example.com, or *.example.com for all below it"


def hostname(text: str) -> str:
    """A hostname as it is sent: lower-case, punycode, `*` as the whole first label or nowhere."""
    if "://" in text or "/" in text or "?" in text or "@" in text:
        refuse("a hostname has no scheme and no path", HOSTNAME, sources.CONNECTOR_RULES)
    if ":" in text:
        refuse("a hostname has no port", HOSTNAME, sources.CONNECTOR_RULES)
    if text == "*":
        refuse("that is the catch-all, which is added for you and answers 404", HOSTNAME, sources.CONNECTOR_RULES)
    rest = text.removeprefix("*.")
    if "*" in rest:
        refuse("* stands for the whole first label and nowhere else", HOSTNAME, sources.CONNECTOR_RULES)
    name = names.domain_name(rest, HOSTNAME)
    if rest == text:
        return name
    if len(name) > 251:
        refuse("a DNS name is at most 253 characters", HOSTNAME, sources.DNS_NAMES)
    return f"*.{name}"


class BackendOptions(Options):
    """A Service of the cluster and, for the network policy, the pods behind it."""

    service: Annotated[str, BeforeValidator(lambda value: value)] = setting(
        "Name of the Service.", "the name of a Service", sources.KUBERNETES_SERVICES, examples=["api"]
    )
    namespace: str | None = setting(
        "Namespace of the Service; the stack's own when left out.",
        "the name of a namespace",
        sources.KUBERNETES_NAMESPACES,
        examples=["shop"],
        default=None,
    )
    port: StrictInt = setting(
        "Port of the Service.",
        "a whole number from 1 to 65535",
        sources.KUBERNETES_SERVICES,
        examples=[80],
        ge=1,
        le=65535,
    )
    target_port: StrictInt | None = setting(
        "Port of the pods behind the Service, by number: a network policy sees that one. The Service's port when left out.",
        "a whole number from 1 to 65535 (a named port as its number)",
        sources.KUBERNETES_POLICIES,
        examples=[8080],
        default=None,
        ge=1,
        le=65535,
    )
    pod_selector: dict[str, str] | None = setting(
        "Labels of the pods behind the Service, so that the policy opens to them alone; every pod of the namespace when left out.",
        "labels of the pods, by name",
        sources.KUBERNETES_LABELS,
        examples=[{"app.kubernetes.io/name": "api"}],
        default=None,
    )
    scheme: str = setting(
        "How the connector speaks to the Service.",
        "one of " + ", ".join(services.SCHEMES),
        sources.CONNECTOR_RULES,
        examples=["http", "https"],
        default="http",
    )

    @field_validator("service")
    @classmethod
    def _service(cls, name: str) -> str:
        return names.service_name(name)

    @field_validator("namespace")
    @classmethod
    def _namespace(cls, name: str | None) -> str | None:
        return name if name is None else names.dns_label(name)

    @field_validator("pod_selector")
    @classmethod
    def _labels(cls, labels: dict[str, str] | None) -> dict[str, str] | None:
        return labels if labels is None else names.labels(labels)

    @field_validator("scheme")
    @classmethod
    def _scheme(cls, scheme: str) -> str:
        if scheme not in services.SCHEMES:
            refuse(
                "the connector knows no such scheme", "one of " + ", ".join(services.SCHEMES), sources.CONNECTOR_RULES
            )
        return scheme


def _path(value: Any) -> Any:
    return {"prefix": value} if isinstance(value, str) else value


class Route(Options):
    """Requests for one hostname, or some paths of it, and the one Service they go to."""

    hostname: str = setting(
        "Public hostname, in one of the zones. A `*.` at its front takes every name below.",
        HOSTNAME,
        sources.CONNECTOR_RULES,
        examples=["blog.example.com", "*.apps.example.com"],
    )
    service: str | None = setting(
        "Where the connector sends the requests. A bare name is a Service of the stack's namespace; the port of its pods is taken to "
        "be the URL's (use backend where it is another).",
        services.ACCEPTED,
        sources.CONNECTOR_RULES,
        examples=["http://blog", "https://10.0.0.5:8443", "http_status:503"],
        default=None,
    )
    backend: BackendOptions | None = setting(
        "The Service by its parts, instead of `service`.",
        "exactly one of service and backend",
        sources.KUBERNETES_SERVICES,
        examples=[
            {"service": "api", "namespace": "shop", "port": 80, "targetPort": 8080, "podSelector": {"app": "api"}}
        ],
        default=None,
        validate_default=True,
    )
    path: Annotated[PathOptions | None, BeforeValidator(_path, json_schema_input_type=PathOptions | str | None)] = (
        setting(
            "Only these paths: a text is a prefix. All paths when left out.",
            "a path such as /v1, or exactly one of prefix, exact and regex",
            sources.CONNECTOR_RULES,
            examples=["/v1", {"exact": "/healthz"}],
            default=None,
        )
    )
    advanced_certificate: StrictBool = setting(
        "Says that the zone has a certificate for a hostname two labels below it; Universal SSL covers one label.",
        "true or false",
        sources.CLOUDFLARE_CERTIFICATES,
        examples=[True],
        default=False,
    )

    @field_validator("hostname")
    @classmethod
    def _hostname(cls, text: str) -> str:
        return hostname(text)

    @field_validator("service")
    @classmethod
    def _service(cls, text: str | None) -> str | None:
        if text is not None:
            services.parse(text)
        return text

    @field_validator("backend", mode="before")
    @classmethod
    def _one(cls, backend: Any, info: Any) -> Any:
        # A refused service is absent here: it was given, and is reported for itself.
        service = info.data.get("service", "")
        if (service is None) == (backend is None):
            why = "a route goes to one Service, and this names " + ("none" if backend is None else "two")
            refuse(why, "exactly one of service and backend", sources.CONNECTOR_RULES, up=1)
        return backend

    @cached_property
    def origin(self) -> ServiceUrl:
        """The service or the backend, as a URL's parts."""
        if self.backend is None:
            return services.parse(self.service or "")
        backend, where = self.backend, self.backend.namespace or ""
        host = f"{backend.service}.{where}.svc.cluster.local" if where else backend.service
        text = f"{backend.scheme}://{host}:{backend.port}"
        return ServiceUrl(text, backend.scheme, host, backend.port, backend.service, where)

    @property
    def pattern(self) -> str | None:
        """The path's expression as it is sent, None for every path."""
        return self.path.pattern if self.path else None
