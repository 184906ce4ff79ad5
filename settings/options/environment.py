"""Extra environment variables of the connector."""

import re
from typing import Any

from pydantic import ValidationInfo, field_validator

from settings import references
from settings.errors import MISSING, REDACTED, is_connector_token, reject
from settings.schema import Options, setting

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
"""Variables that culvert sets, and the setting of the connector that says how; some are as they must be."""
REFERENCES = "exactly one of secretKeyRef, configMapKeyRef, fieldRef and resourceFieldRef"
NAME = "a name such as TUNNEL_RETRIES"
ONE_VALUE = "exactly one of value and valueFrom"


class EnvironmentVariable(Options):
    """One variable, by value or by reference."""

    name: str = setting(
        "Name of the variable.",
        NAME,
        references.CLOUDFLARE_PARAMETERS,
        examples=["TUNNEL_RETRIES"],
    )
    value: str | None = setting(
        "Its value.",
        'a text (a number or a switch in quotes, such as "4")',
        references.KUBERNETES_ENVIRONMENT,
        examples=["4"],
        default=None,
    )
    value_from: dict[str, dict[str, Any]] | None = setting(
        "Where its value comes from.",
        REFERENCES,
        references.KUBERNETES_ENVIRONMENT,
        examples=[{"secretKeyRef": {"name": "proxy", "key": "url"}}],
        default=None,
        validate_default=True,
    )

    @field_validator("name")
    @classmethod
    def _free(cls, name: str) -> str:
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.-]*", name):
            reject("it is no name of a variable", NAME, references.KUBERNETES_ENVIRONMENT)
        if name.startswith(("TUNNEL_TOKEN", "TUNNEL_CRED", "TUNNEL_ORIGIN_CERT")):
            reject(
                "the connector's token comes from the stack's own Secret", "another name", references.CLOUDFLARE_TOKENS
            )
        if name in ("TUNNEL_BASTION", "TUNNEL_SOCKS"):
            why = "there the visitor chooses the destination, so no network policy can fence it"
            reject(why, "another name", references.CONNECTOR_RULES)
        if key := OWN.get(name):
            # One place for each, or one would win in silence; and the region also opens the network policy.
            reject(
                f"connector.{key} is what sets it",
                f"connector.{key}, or another name",
                references.CLOUDFLARE_PARAMETERS,
            )
        if name in OWN:
            reject("culvert sets it, and relies on it", "another name", references.CLOUDFLARE_PARAMETERS)
        return name

    @field_validator("value")
    @classmethod
    def _harmless(cls, value: str | None) -> str | None:
        if value is not None and is_connector_token(value):
            why = "it is a connector's token, and everyone who may see pods would see it"
            reject(why, "no token", references.CLOUDFLARE_TOKENS, value=REDACTED)
        return value

    @field_validator("value_from", mode="before")
    @classmethod
    def _one(cls, reference: Any, info: ValidationInfo) -> Any:
        value = info.data.get("value", MISSING)
        if (value is None) == (reference is None):
            why = "a variable has one value, and this one has " + ("none" if reference is None else "two")
            reject(why, ONE_VALUE, references.KUBERNETES_ENVIRONMENT, up=1)
        if isinstance(reference, dict):
            known = {"secretKeyRef", "configMapKeyRef", "fieldRef", "resourceFieldRef"}
            if len(reference) != 1 or not set(reference) <= known:
                reject("a value comes from one place", REFERENCES, references.KUBERNETES_ENVIRONMENT)
        return reference

    def to_kubernetes(self) -> dict[str, Any]:
        """The variable as a container's `env` takes it."""
        return self.model_dump(by_alias=True, exclude_none=True)
