"""Objects of the connectors' present namespace that the stack's connector needs in its own."""

from collections.abc import Iterator
from typing import Any

from ops.migrate.existing_setup import ExistingSetup, SkippedItem
from ops.migrate.kubernetes_objects import DEFAULT_NAMESPACE
from settings import Settings

_REFERENCES = ("secretKeyRef", "configMapKeyRef")


def needed_objects(setup: ExistingSetup, settings: Settings) -> Iterator[SkippedItem]:
    """A remark where the connector's settings name Secrets or ConfigMaps: they are where the connectors are now.

    Their namespace is advised for the stack's connector only where no route leads to a Service in it, and no Service of
    the input is in it: a namespace of applications is none for the connector.
    """
    names = sorted({*settings.connector.image_pull_secrets, *_of_variables(settings)})
    here = setup.namespace
    if not names or not here:
        return
    remedy = "copy them into a namespace for the connector, and name that: culvert:namespace: {name: …, create: false}"
    with_applications = {key.partition("/")[0] for key in setup.services}
    with_applications |= {route.origin.namespace or "" for route in settings.routes} | {DEFAULT_NAMESPACE}
    if here not in with_applications:
        remedy = f"use it for the stack's too: culvert:namespace: {{name: {here}, create: false}}; or {remedy}"
    reason = f"the connector uses {', '.join(names)} of the namespace {here}, and the stack creates one of its own"
    yield SkippedItem("namespace", reason, remedy)


def _of_variables(settings: Settings) -> Iterator[str]:
    for variable in settings.connector.extra_env:
        source: dict[str, Any] = variable.get("valueFrom") or {}
        yield from (str(source[kind]["name"]) for kind in _REFERENCES if kind in source)
