"""The zone's WAF: custom rules, then rate limits, evaluated before Access and before a connector gets the request.

The order is Cloudflare's: https://developers.cloudflare.com/waf/concepts/.
"""

import json
import logging
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from sandbox.cloudflare.resources.ruleset_validation import CHALLENGES, CUSTOM, RATE_LIMIT
from sandbox.cloudflare.store import Store
from sandbox.edge.error_pages import ErrorPage
from sandbox.edge.expressions import compile_expression
from sandbox.edge.visitor_request import VisitorRequest

NOT_EVALUATED = b"culvert-sandbox-not-evaluated"
"""Response header: a rule that this sandbox cannot evaluate and that could have applied to the request."""
CHARACTERISTICS: dict[str, Callable[[VisitorRequest], str]] = {
    "ip.src": lambda request: request.address,
    "cf.unique_visitor_id": lambda request: request.address,
    "ip.src.country": lambda request: request.country,
    "ip.geoip.country": lambda request: request.country,
    "http.host": lambda request: request.host,
    "http.request.uri.path": lambda request: request.path,
}
"""By which values a rate limit can count. `cf.colo.id` is ignored: the sandbox is one data center."""
Rule = dict[str, Any]
log = logging.getLogger(__name__)


class Waf:
    """Evaluates requests against the API's current rulesets; `clock` returns seconds."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._clock = clock
        self._counters: dict[tuple[str, ...], _Counter] = {}

    def evaluate(self, zone_id: str, request: VisitorRequest) -> ErrorPage | None:
        """The response of the first rule that stops the request; None where none does.

        Rules that cannot be evaluated here do not stop a request; they are named in its response headers.
        """
        rulesets = self._rulesets(zone_id)
        skipped: set[str] = set()
        for rule in self._matching(rulesets.get(CUSTOM, []), request):
            if rule["action"] == "skip":
                parameters = rule.get("action_parameters") or {}
                skipped |= set(parameters.get("phases") or ())
                if parameters.get("ruleset") == "current":
                    break
            elif rule["action"] == "execute":
                _report_not_evaluated(rule, request)
            elif page := _page(rule, f"the rule {_title(rule)} blocks this request", 1020, 403, "Access denied"):
                return page
        limits = [] if RATE_LIMIT in skipped else rulesets.get(RATE_LIMIT, [])
        for rule in self._matching(limits, request):
            if self._exceeded(rule, request):
                reason = f"the rate limit {_title(rule)} is exceeded"
                if page := _page(rule, reason, 1015, 429, "Rate limited"):
                    return page
        return None

    def _rulesets(self, zone_id: str) -> dict[str, list[Rule]]:
        rows = self._store.all("SELECT body FROM objects WHERE kind = 'rulesets' AND scope = ?", zone_id)
        rulesets = [json.loads(row["body"]) for row in rows]
        return {ruleset["phase"]: ruleset["rules"] for ruleset in rulesets if ruleset["kind"] == "zone"}

    def _matching(self, rules: list[Rule], request: VisitorRequest) -> Iterator[Rule]:
        for rule in rules:
            matches = compile_expression(rule["expression"])(request) if rule["enabled"] else False
            if matches is None:
                _report_not_evaluated(rule, request)
            elif matches:
                yield rule

    def _exceeded(self, rule: Rule, request: VisitorRequest) -> bool:
        limit = rule["ratelimit"]
        characteristics = [name for name in limit["characteristics"] if name != "cf.colo.id"]
        if limit.get("counting_expression") or any(name not in CHARACTERISTICS for name in characteristics):
            _report_not_evaluated(rule, request)
            return False
        key = (rule["id"], rule["version"], *(CHARACTERISTICS[name](request) for name in characteristics))
        return self._counters.setdefault(key, _Counter()).exceeds(limit, self._clock())


class _Counter:
    """The requests of one visitor under one rate limit: a sliding window, and the end of a mitigation timeout."""

    def __init__(self) -> None:
        self.times: deque[float] = deque()
        self.blocked_until = 0.0

    def exceeds(self, limit: dict[str, Any], now: float) -> bool:
        """Counts one request. With a timeout, all requests are blocked for it; without, only those above the rate."""
        if now < self.blocked_until:
            return True
        while self.times and self.times[0] <= now - limit["period"]:
            self.times.popleft()
        if len(self.times) < limit["requests_per_period"]:
            self.times.append(now)
            return False
        if limit["mitigation_timeout"]:
            self.times.clear()
            self.blocked_until = now + limit["mitigation_timeout"]
        return True


def _page(rule: Rule, reason: str, code: int, status: int, title: str) -> ErrorPage | None:
    if rule["action"] == "block":
        return ErrorPage(status, code, title, reason)
    if rule["action"] in CHALLENGES:
        # At Cloudflare a browser solves the challenge and repeats the request; this sandbox cannot set one.
        challenge = f"the rule {_title(rule)} requires a {rule['action'].replace('_', ' ')}"
        return ErrorPage(403, 403, "Just a moment...", challenge, headers=((b"cf-mitigated", b"challenge"),))
    return None


def _title(rule: Rule) -> str:
    return rule["description"] or rule["ref"]


def _report_not_evaluated(rule: Rule, request: VisitorRequest) -> None:
    log.warning("rule %s is not evaluated here: %s", _title(rule), rule["expression"])
    request.response_headers.append((NOT_EVALUATED, _title(rule).encode("ascii", "replace")))
