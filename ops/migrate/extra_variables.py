"""Environment variables of a connector that are not options of cloudflared: those that the stack sets again."""

import re

from ops.migrate.existing_setup import ExistingSetup, SkippedItem
from ops.migrate.input_object import InputObject, Option

_SECRET_NAME = re.compile(r"TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL|KEY", re.IGNORECASE)
_PASSWORD_IN_URL = re.compile(r"://[^/@\s]*:[^/@\s]+@")


def add(variable: InputObject, setup: ExistingSetup) -> None:
    """Adds an item of a container's `env`. A value that may be a secret is left out, since a stack file is plain text,
    and every other value of the input is reported; what has its value from an object of the cluster is not."""
    name, place = variable.text("name"), variable.at("name")
    kept = {key: variable.get(key) for key in ("value", "valueFrom") if key in variable}
    value = kept.get("value")
    if value and (_SECRET_NAME.search(name) or _PASSWORD_IN_URL.search(str(value))):
        reason = "its value may be a secret, and a stack file is plain text"
        remedy = "put it into a Secret, and name that under connector.extraEnv with valueFrom.secretKeyRef"
        setup.skipped.append(SkippedItem(name, reason, remedy, place))
        return
    if value:
        reason = "its value is copied into connector.extraEnv as it is, in plain text"
        remedy = "if it is a secret, put it into a Secret, and name that with valueFrom.secretKeyRef"
        setup.skipped.append(SkippedItem(name, reason, remedy, place))
    setup.settings.append(Option("connector.extraEnv", [{"name": name, **(kept or {"value": ""})}], place))
