"""Validation of WAF rules: custom rules and rate limiting rules of a zone.

Sources: https://developers.cloudflare.com/waf/custom-rules/ and /waf/rate-limiting-rules/parameters/; expressions are
parsed by Cloudflare's own parser, wirefilter. Limits of a plan are not checked here: culvert's settings check them.
"""

from collections.abc import Sequence
from typing import Any

from octorules_wirefilter import parse_expression

from sandbox.cloudflare.responses import ApiError, Guessed

CUSTOM, RATE_LIMIT = "http_request_firewall_custom", "http_ratelimit"
CHALLENGES = frozenset({"challenge", "js_challenge", "managed_challenge"})
ACTIONS = {
    CUSTOM: CHALLENGES | {"block", "execute", "log", "skip"},
    RATE_LIMIT: CHALLENGES | {"block", "log"},
}
PERIODS = (10, 60, 120, 300, 600, 3600)
TIMEOUTS = (0, 10, 60, 120, 300, 600, 3600, 86400)
MAX_EXPRESSION = 4096
"""Characters."""
BLANK, UNPARSABLE, REFUSED = 20125, Guessed(20127), Guessed(20123)
"""The first as reports have it; of the others only the messages are from reports."""


def check(phase: str, rules: Sequence[dict[str, Any]]) -> None:
    """Raises ApiError for the first rule that its phase does not accept. Rules of other phases are not checked."""
    if phase not in ACTIONS:
        return
    refs = [rule["ref"] for rule in rules]
    for index, rule in enumerate(rules):
        at = f"/rules/{index}"
        _expression(rule["expression"], at)
        if rule["action"] not in ACTIONS[phase]:
            _refuse(rule["action"], f"{at}/action", f"it is not among the actions of the phase {phase}")
        if refs.count(rule["ref"]) > 1:
            _refuse(rule["ref"], f"{at}/ref", "another rule of the ruleset has it")
        if (phase == RATE_LIMIT) != isinstance(rule.get("ratelimit"), dict):
            why = "a rate limiting rule needs it" if phase == RATE_LIMIT else f"the phase {phase} has none"
            _refuse(rule.get("ratelimit"), f"{at}/ratelimit", why)
        if phase == RATE_LIMIT:
            _rate_limit(rule, f"{at}/ratelimit")


def _expression(text: str, at: str) -> None:
    if not text.strip():
        message = f"'{text}' is not a valid value for expression because the expression cannot be blank"
        raise ApiError(400, BLANK, message, pointer=f"{at}/expression")
    if len(text) > MAX_EXPRESSION:
        _refuse(text[:40] + "...", f"{at}/expression", f"it has more than {MAX_EXPRESSION} characters")
    # The API accepts these two, the parser does not.
    result = parse_expression(text) if text.strip(" ()") not in ("true", "false") else {}
    if "error" in result:
        why = f"could not parse filter expression: {result['error'].strip()}"
        message = f"'{text}' is not a valid value for expression because {why}"
        raise ApiError(400, UNPARSABLE, message, pointer=f"{at}/expression")


def _rate_limit(rule: dict[str, Any], at: str) -> None:
    limit = rule["ratelimit"]
    characteristics = limit.get("characteristics")
    named = [each for each in characteristics if isinstance(each, str)] if isinstance(characteristics, list) else []
    if "cf.colo.id" not in named or len(named) < 2:
        _refuse(characteristics, f"{at}/characteristics", "it must name cf.colo.id and a characteristic of visitors")
    if limit.get("period") not in PERIODS:
        _refuse(limit.get("period"), f"{at}/period", f"it must be one of {', '.join(map(str, PERIODS))}")
    requests = limit.get("requests_per_period")
    if isinstance(requests, bool) or not isinstance(requests, int) or requests < 1:
        _refuse(requests, f"{at}/requests_per_period", "it must be a positive number")
    timeout = limit.get("mitigation_timeout", 0)
    if timeout not in TIMEOUTS:
        _refuse(timeout, f"{at}/mitigation_timeout", f"it must be one of {', '.join(map(str, TIMEOUTS))}")
    if timeout and rule["action"] in CHALLENGES:
        _refuse(timeout, f"{at}/mitigation_timeout", f"it must be 0 with the action {rule['action']}")


def _refuse(value: object, pointer: str, why: str) -> None:
    message = f"'{value}' is not a valid value for {pointer.rpartition('/')[2]} because {why}"
    raise ApiError(400, REFUSED, message, pointer=pointer)
