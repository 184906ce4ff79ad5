"""Cloudflare's notifications about the tunnel's health."""

import re
from typing import Annotated, Literal

from annotated_types import MinLen
from pydantic import AfterValidator, field_validator, model_validator

from settings import references
from settings.errors import reject
from settings.schema import Accepts, Example, Options
from settings.types.email import LOCAL_PART, bare_address


def _email(text: str) -> str:
    if not re.fullmatch(rf"{LOCAL_PART}@[^@\s.<>]+(\.[^@\s.<>]+)+", text):
        reject("is not an e-mail address", bare_address(text))
    return text


def _destination_id(text: str) -> str:
    if not re.fullmatch(r"[0-9a-f]{32}", text.replace("-", "").lower()):
        reject("is not the id of a destination")
    return text


Emails = Annotated[
    tuple[Annotated[str, AfterValidator(_email)], ...], Accepts("e-mail addresses, such as ops@example.com")
]
DestinationIds = Annotated[
    tuple[Annotated[str, AfterValidator(_destination_id)], ...],
    Accepts("ids of destinations as Cloudflare's dashboard and API show them: 32 hex digits, with or without hyphens"),
]
Status = Literal["healthy", "degraded", "down", "inactive"]


class NotifyOptions(Options):
    """Recipients of Cloudflare's notifications, which also arrive while the cluster is down."""

    SOURCE = references.CLOUDFLARE_NOTIFICATIONS

    email: Annotated[Emails, Example(["ops@example.com"])] = ()
    """E-mail addresses; on the free plan, of verified members of the account."""
    webhook: Annotated[DestinationIds, Example(["1860572c5d964d27aa0f379d13645940"])] = ()
    """Webhooks of the account, by id."""
    pagerduty: Annotated[DestinationIds, Example(["850129d136459401860572c5d964d27d"])] = ()
    """PagerDuty services connected to the account, by id."""
    when: Annotated[
        tuple[Status, ...],
        MinLen(1),
        Accepts("one or more of healthy, degraded, down, inactive", references.CLOUDFLARE_STATUS),
    ] = ("down", "healthy")
    """Statuses of the tunnel that are notified. Every rollout is briefly degraded too."""

    @field_validator("email", "webhook", "pagerduty", "when")
    @classmethod
    def _unique(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(values)) < len(values):
            reject("must have each value once", "each value once")
        return values

    @model_validator(mode="after")
    def _require_a_recipient(self) -> "NotifyOptions":
        if not (self.email or self.webhook or self.pagerduty):
            reject("has no recipient", "at least one of email, webhook and pagerduty")
        return self
