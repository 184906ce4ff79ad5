"""Extra environment variables of the connector."""

from typing import Any

from pydantic import field_validator

from settings import sources
from settings.fields import Options, setting
from settings.mistakes import is_connector_token, refuse

OWN = (
    "TUNNEL_METRICS",
    "TUNNEL_TRANSPORT_PROTOCOL",
    "TUNNEL_GRACE_PERIOD",
    "TUNNEL_LOGLEVEL",
    "TUNNEL_LOG_OUTPUT",
    "TUNNEL_MANAGEMENT_DIAGNOSTICS",
)
"""Variables the connector gets from culvert itself."""
REFERENCES = ("secretKeyRef", "configMapKeyRef", "fieldRef", "resourceFieldRef")


class EnvironmentVariable(Options):
    """One variable, by value or by reference."""

    name: str = setting(
        "Name of the variable.",
        "a name such as TUNNEL_EDGE_IP_VERSION that culvert does not set itself",
        sources.KUBERNETES_ENVIRONMENT,
        examples=["TUNNEL_EDGE_IP_VERSION"],
        pattern=r"^[A-Za-z_][A-Za-z0-9_.-]*$",
    )
    value: str | None = setting(
        "Its value.",
        'a text (a number in quotes, such as "4")',
        sources.KUBERNETES_ENVIRONMENT,
        examples=["4"],
        default=None,
    )
    value_from: dict[str, dict[str, Any]] | None = setting(
        "Where its value comes from.",
        "one of " + ", ".join(REFERENCES),
        sources.KUBERNETES_ENVIRONMENT,
        examples=[{"secretKeyRef": {"name": "proxy", "key": "url"}}],
        default=None,
    )

    @field_validator("name")
    @classmethod
    def _free(cls, name: str) -> str:
        if name.startswith(("TUNNEL_TOKEN", "TUNNEL_CRED", "TUNNEL_ORIGIN_CERT")):
            refuse("the connector's token comes from the stack's own Secret", "another name", sources.CLOUDFLARE_TOKENS)
        if name in OWN:
            refuse("culvert sets it itself, from culvert:connector", "another name", sources.CLOUDFLARE_PARAMETERS)
        return name

    @field_validator("value")
    @classmethod
    def _harmless(cls, value: str | None) -> str | None:
        if value is not None and is_connector_token(value):
            refuse(
                "it is a connector's token, which pod specs would show",
                "no token",
                sources.CLOUDFLARE_TOKENS,
                value="[hidden]",
            )
        return value

    @field_validator("value_from")
    @classmethod
    def _one_reference(cls, value: dict[str, Any] | None) -> dict[str, Any] | None:
        if value is not None and (len(value) != 1 or not set(value) <= set(REFERENCES)):
            refuse("a variable comes from one place", "one of " + ", ".join(REFERENCES), sources.KUBERNETES_ENVIRONMENT)
        return value

    def to_kubernetes(self) -> dict[str, Any]:
        """The variable as a container's `env` takes it."""
        if self.value_from is not None:
            return {"name": self.name, "valueFrom": self.value_from}
        return {"name": self.name, "value": self.value or ""}
