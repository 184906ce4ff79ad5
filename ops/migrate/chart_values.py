"""What values of Helm charts have in common: their pod settings, and values that are as the chart has them."""

from collections.abc import Mapping
from typing import Any

from ops.migrate.existing_setup import ExistingSetup, SkippedItem
from ops.migrate.input_object import InputObject, Option
from ops.migrate.pod_fields import SCHEDULING

PATHS = {
    **SCHEDULING,
    "resources": "connector.resources",
    "podLabels": "connector.podLabels",
    "podAnnotations": "connector.podAnnotations",
}
EMPTY = (None, "", [], {})
TITLES = ("USER-SUPPLIED VALUES", "COMPUTED VALUES")
"""The first line of what `helm get values` prints without `-o yaml`."""


def read_pod(values: InputObject, setup: ExistingSetup) -> None:
    """Adds the pod settings that every chart spells alike."""
    for key, path in PATHS.items():
        if values.get(key) not in EMPTY:
            setup.settings.append(Option(path, values.get(key), values.at(key)))
    names = [each.text("name") for each in values.objects("imagePullSecrets")]
    if names:
        setup.settings.append(Option("connector.imagePullSecrets", names, values.at("imagePullSecrets")))


def report_others(values: InputObject, known: Mapping[str, Any], setup: ExistingSetup) -> None:
    """Reports the values that are not migrated: those which the chart does not have, and those which are not as it has
    them. `known` has the chart's own value of each, or a mapping of these, and None where it is migrated."""
    for key, value in values.values.items():
        place, path = values.at(key), values.at(key).key
        if key in TITLES:
            continue
        if key not in known:
            reason, remedy = "the chart has no such value", "leave it out, or correct it if it is misspelled"
            setup.skipped.append(SkippedItem(path, reason, remedy, place))
        elif isinstance(known[key], Mapping) and isinstance(value, Mapping):
            report_others(values.object(key), known[key], setup)
        elif known[key] is not None and value not in (known[key], *EMPTY):
            reason = "the stack's connector has its own"
            remedy = "see `culvert:connector` in docs/settings.md for an equivalent"
            setup.skipped.append(SkippedItem(path, reason, remedy, place))
