"""Resource requests and limits of the connector."""

import re
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator

from settings import references
from settings.errors import reject
from settings.schema import Accepts

UNITS = {"": 0, "k": 1, "M": 2, "G": 3, "T": 4, "P": 5, "E": 6}


def _string(value: Any) -> Any:
    # YAML reads cpu: 1 as a number, and many manifests have it so.
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value


def quantity(name: str, text: str) -> Decimal:
    """A quantity in cores or bytes. Rejects thousandths of a byte, which Kubernetes would accept."""
    match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)(m|[kMGTPE]?|[KMGTPE]i)", text)
    if not match or (match[2] != "" and (match[2] == "m") != (name == "cpu")):
        reject(f"has an invalid quantity, {name}: {text}")
    number, unit = Decimal(match[1]), match[2]
    if unit == "m":
        return number / 1000
    if unit.endswith("i"):
        return number * 1024 ** UNITS[unit[0].replace("K", "k")]
    return number * 1000 ** UNITS[unit]


def within_limits(resources: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
    """Requests and limits; rejected where a request exceeds its limit."""
    known = {kind: {name: quantity(name, text) for name, text in of.items()} for kind, of in resources.items()}
    limits = known.get("limits", {})
    for name, requested in known.get("requests", {}).items():
        if requested > limits.get(name, requested):
            reject(f"requests more {name} than its limit", "requests within the limits")
    return resources


Quantity = Annotated[str, BeforeValidator(_string, json_schema_input_type=str | float)]
Quantities = dict[Literal["cpu", "memory", "ephemeral-storage"], Quantity]
Resources = Annotated[
    dict[Literal["requests", "limits"], Quantities],
    AfterValidator(within_limits),
    Accepts(
        "requests and limits, each with cpu such as 100m or 0.5, memory and ephemeral-storage such as 128Mi or 1G",
        references.KUBERNETES_RESOURCES,
    ),
]
