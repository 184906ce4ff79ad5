"""Extra environment variables of the connector."""

import re
from typing import Annotated, Any

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from settings import references
from settings.errors import MISSING, REDACTED, is_connector_token, reject, require_one
from settings.pod_spec.fields import valid
from settings.pod_spec.references import ValueFrom
from settings.schema import Accepts, Options
from settings.types.kubernetes import UNPRINTABLE

OWN = {
    "TUNNEL_EDGE_IP_VERSION": "edgeIpVersion",
    "TUNNEL_GRACE_PERIOD": "gracePeriod",
    "TUNNEL_LOGLEVEL": "logLevel",
    "TUNNEL_LOG_OUTPUT": "logFormat",
    "TUNNEL_MANAGEMENT_DIAGNOSTICS": "",
    "TUNNEL_METRICS": "",
    "TUNNEL_POST_QUANTUM": "postQuantum",
    "TUNNEL_REGION": "region",
    "TUNNEL_TRANSPORT_PROTOCOL": "protocol",
}
"""Variables that culvert sets, with the connector's setting for each; empty for a fixed value."""
VALUE_SOURCES = ("secretKeyRef", "configMapKeyRef", "fieldRef", "resourceFieldRef")


def _variable_name(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.-]*", name):
        reject("is not a valid name of an environment variable", source=references.KUBERNETES_ENVIRONMENT)
    if name.startswith(("TUNNEL_TOKEN", "TUNNEL_CRED", "TUNNEL_ORIGIN_CERT")):
        problem = "is not available: the connector's credentials come from the stack's own Secret"
        reject(problem, "another name", references.CLOUDFLARE_TOKENS)
    if name in ("TUNNEL_BASTION", "TUNNEL_SOCKS"):
        problem = "lets the visitor choose the destination, which no network policy can restrict"
        reject(problem, "another name", references.CONNECTOR_RULES)
    if key := OWN.get(name):
        # One place for each: with two, one would win silently. The region also opens the network policy.
        reject(f"is set by connector.{key}", f"connector.{key}, or another name")
    if name in OWN:
        reject("is set by culvert, which relies on its value", "another name")
    return name


def _without_token(value: str) -> str:
    if is_connector_token(value):
        problem = "is a connector token, which everyone with access to pods could read"
        reject(problem, "a value that is not a token", references.CLOUDFLARE_TOKENS, value=REDACTED)
    if UNPRINTABLE.search(value):
        reject("has a control character", "a string of printable characters")
    return value


VariableName = Annotated[
    str,
    AfterValidator(_variable_name),
    Accepts("a name such as TUNNEL_RETRIES", references.CLOUDFLARE_PARAMETERS, ("TUNNEL_RETRIES",)),
]
VariableValue = Annotated[
    str,
    AfterValidator(_without_token),
    Accepts('a string (a number or a switch in quotes, such as "4")', examples=("4",)),
]
ValueSource = Annotated[
    dict[str, dict[str, Any]],
    valid(ValueFrom),
    Accepts(
        f"exactly one of {', '.join(VALUE_SOURCES[:-1])} and {VALUE_SOURCES[-1]}",
        examples=({"secretKeyRef": {"name": "proxy", "key": "url"}},),
    ),
]


class EnvironmentVariable(Options):
    """One variable, by value or by reference."""

    SOURCE = references.KUBERNETES_ENVIRONMENT

    name: VariableName
    """Name of the variable."""
    value: VariableValue | None = None
    """Value of the variable."""
    value_from: ValueSource | None = Field(None, validate_default=True)
    """Source of the variable's value."""

    @field_validator("value_from", mode="before")
    @classmethod
    def _one_value(cls, value_from: Any, info: ValidationInfo) -> Any:
        # A rejected value is absent from the data: it was given, and has an issue of its own.
        value = info.data.get("value", MISSING)
        require_one({"value": value, "valueFrom": value_from}, cls.SOURCE, up=1)
        if isinstance(value_from, dict) and (len(value_from) != 1 or not set(value_from) <= set(VALUE_SOURCES)):
            reject("must have exactly one known source of the value")
        return value_from

    def to_kubernetes(self) -> dict[str, Any]:
        """The variable as an item of a container's `env`."""
        return self.model_dump(by_alias=True, exclude_none=True)
