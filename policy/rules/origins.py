"""No unverified HTTPS origin without a written reason."""

from collections.abc import Iterator

from policy import declared_settings
from policy.ingress_rules import rules_of
from policy.rule import Options, Rule
from policy.stack import Resource, Stack


def _judge(resource: Resource, stack: Stack, options: Options) -> Iterator[str]:
    reasons = {**declared_settings.reasons(stack), **options["reasons"]}
    for rule in rules_of(resource):
        unverified = rule.scheme in ("https", "wss", "unix+tls") and rule.option("noTlsVerify") is True
        if unverified and not reasons.get(rule.hostname, "").strip():
            yield f"{rule.requests}: {rule.service} may show any certificate, and no reason is given"


ORIGINS = Rule(
    name="origins-are-verified",
    says="The certificate of an HTTPS origin is verified, or somebody wrote down why not.",
    remedy="Give the connector the origin's certificate authority (`caPool`, beside it) and take noTlsVerify out, or write the "
    "`reason` beside it, or under this rule's `reasons`.",
    judge=_judge,
    when="alone",
    options={
        "reasons": {
            "type": "object",
            "additionalProperties": {"type": "string"},
            "default": {},
            "description": "Hostname to the reason why its origin is not verified.",
        }
    },
)
