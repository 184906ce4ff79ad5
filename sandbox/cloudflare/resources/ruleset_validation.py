"""What the API refuses in the rules of a zone's two guarding phases.

Sources: https://developers.cloudflare.com/waf/custom-rules/ and /waf/rate-limiting-rules/parameters/; expressions are
parsed by Cloudflare's own parser, wirefilter. What a plan leaves out is not refused here: the rehearsal's settings do.
"""

from collections.abc import Sequence
from typing import Any

from octorules_wirefilter import parse_expression

from sandbox.cloudflare.responses import ApiError

CUSTOM, RATE_LIMIT = "http_request_firewall_custom", "http_ratelimit"
CHALLENGES = frozenset({"challenge", "js_challenge", "managed_challenge"})
ACTIONS = {
    CUSTOM: CHALLENGES | {"block", "execute", "log", "skip"},
    RATE_LIMIT: CHALLENGES | {"block", "log"},
}
PERIODS = (10, 60, 120, 300, 600, 3600)
TIMEOUTS = (0, 10, 60, 120, 300, 600, 3600, 86400)
LONGEST = 4096
"""Characters of an expression."""
BLANK, UNPARSABLE, REFUSED = 20125, 20127, 20123
"""The first as reports have it; the others' numbers are guesses, their words are not."""


def check(phase: str, rules: Sequence[dict[str, Any]]) -> None:
    """Raises ApiError for the first rule that a phase does not take; other phases take any."""
    if phase not in ACTIONS:
        return
    refs = [rule["ref"] for rule in rules]
    for number, rule in enumerate(rules):
        at = f"/rules/{number}"
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
        words = f"'{text}' is not a valid value for expression because the expression cannot be blank"
        raise ApiError(400, BLANK, words, pointer=f"{at}/expression")
    if len(text) > LONGEST:
        _refuse(text[:40] + "...", f"{at}/expression", f"it has more than {LONGEST} characters")
    # The API takes these two, the parser does not.
    said = parse_expression(text) if text.strip(" ()") not in ("true", "false") else {}
    if "error" in said:
        why = f"could not parse filter expression: {said['error'].strip()}"
        words = f"'{text}' is not a valid value for expression because {why}"
        raise ApiError(400, UNPARSABLE, words, pointer=f"{at}/expression")


def _rate_limit(rule: dict[str, Any], at: str) -> None:
    limit = rule["ratelimit"]
    counted = limit.get("characteristics")
    named = [each for each in counted if isinstance(each, str)] if isinstance(counted, list) else []
    if "cf.colo.id" not in named or len(named) < 2:
        _refuse(counted, f"{at}/characteristics", "it names cf.colo.id and what tells visitors apart")
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
    words = f"'{value}' is not a valid value for {pointer.rpartition('/')[2]} because {why}"
    raise ApiError(400, REFUSED, words, pointer=pointer)
