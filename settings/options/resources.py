"""What a connector asks for and may use at most."""

import re
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator

from settings import references
from settings.errors import reject

QUANTITIES = "cpu such as 100m or 0.5, memory and ephemeral-storage such as 128Mi or 1G"
UNITS = {"": 0, "k": 1, "M": 2, "G": 3, "T": 4, "P": 5, "E": 6}


def _text(value: Any) -> Any:
    # YAML has cpu: 1 as a number, and so do many manifests.
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value


Amount = Annotated[str, BeforeValidator(_text, json_schema_input_type=str | float)]
Amounts = dict[Literal["cpu", "memory", "ephemeral-storage"], Amount]


def amount(name: str, text: str) -> Decimal:
    """A quantity in cores or bytes. Refuses what is none, and thousandths of a byte, which Kubernetes would take."""
    match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)(m|[kMGTPE]?|[KMGTPE]i)", text)
    if not match or (match[2] != "" and (match[2] == "m") != (name == "cpu")):
        reject(f"{name}: {text} is no quantity", QUANTITIES, references.KUBERNETES_RESOURCES)
    number, unit = Decimal(match[1]), match[2]
    if unit == "m":
        return number / 1000
    if unit.endswith("i"):
        return number * 1024 ** UNITS[unit[0].replace("K", "k")]
    return number * 1000 ** UNITS[unit]


def within_limits(resources: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
    """Requests and limits in which no request exceeds its limit."""
    known = {kind: {name: amount(name, text) for name, text in of.items()} for kind, of in resources.items()}
    limits = known.get("limits", {})
    for name, asked in known.get("requests", {}).items():
        if asked > limits.get(name, asked):
            reject(
                f"it asks for more {name} than its limit", "requests within the limits", references.KUBERNETES_RESOURCES
            )
    return resources


Resources = Annotated[dict[Literal["requests", "limits"], Amounts], AfterValidator(within_limits)]
