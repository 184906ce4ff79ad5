"""Rule: HTTPS origins are verified, or a reason is given."""

from collections.abc import Iterator

from policy import declared_settings
from policy.ingress_rules import rules_of
from policy.rule import Options, Rule
from policy.stack import Resource, Stack


def _validate(resource: Resource, stack: Stack, options: Options) -> Iterator[str]:
    reasons = {**declared_settings.reasons(stack), **options["reasons"]}
    for rule in rules_of(resource):
        unverified = rule.scheme in ("https", "wss", "unix+tls") and rule.option("noTlsVerify") is True
        if unverified and not reasons.get(rule.hostname, "").strip():
            yield f"{rule.requests}: the certificate of {rule.service} is not verified, and no reason is given"


ORIGINS = Rule(
    name="origins-are-verified",
    description="The certificate of every HTTPS origin is verified, or a written reason says why not.",
    remedy="Set `caPool` to the origin's certificate authority and remove `noTlsVerify`. Otherwise give a `reason` "
    "beside it, or in this rule's option `reasons`.",
    validate=_validate,
    scope="resource",
    options={
        "reasons": {
            "type": "object",
            "additionalProperties": {"type": "string"},
            "default": {},
            "description": "Hostname → reason why its origin is not verified.",
        }
    },
)
