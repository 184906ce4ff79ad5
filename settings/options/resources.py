"""Resource requests and limits of the connector."""

import re
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator

from settings import references
from settings.errors import reject
from settings.schema import Accepts

MIN_BYTES = 1024**2
"""No container runs in less memory: a smaller number is meant in another unit."""
UNITS = {"": 0, "k": 1, "M": 2, "G": 3, "T": 4, "P": 5, "E": 6}


def _string(value: Any) -> Any:
    # YAML reads cpu: 1 as a number, and many manifests have it so.
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value


def quantity(name: str, text: str) -> Decimal:
    """A quantity in cores or bytes. Rejects thousandths of a byte, which Kubernetes would accept."""
    match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)(m|[kMGTPE]?|[KMGTPE]i)", text)
    if not match or (match[2] != "" and (match[2] == "m") != (name == "cpu")):
        reject(f"has an invalid quantity, {name}: {text}", _in_kubernetes_units(name, text))
    number, unit = Decimal(match[1]), match[2]
    if name != "cpu" and not unit and number < MIN_BYTES:
        reject(f"has a quantity in bytes, {name}: {text}", f"{name}: {text}Mi, or a number with another unit")
    if unit == "m":
        return number / 1000
    if unit.endswith("i"):
        return number * 1024 ** UNITS[unit[0].replace("K", "k")]
    return number * 1000 ** UNITS[unit]


def _in_kubernetes_units(name: str, text: str) -> str | None:
    """A quantity as Docker and others write it, such as 128MB, 128 mb or 128m, in Kubernetes' units."""
    match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?) ?([kmgtpe])(i?)b?", text, re.IGNORECASE)
    if name == "cpu" or not match:
        return None
    letter = match[2].lower() if match[2] in "kK" and not match[3] else match[2].upper()
    decimal = f"{name}: {match[1]}{letter}{match[3].lower()}"
    return decimal if match[3] else f"{decimal}, or {match[1]}{letter.upper()}i for units of 1024"


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
