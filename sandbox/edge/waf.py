"""The zone's own rules, before anything else is asked: who is blocked, challenged, or came too often.

In Cloudflare's order: custom rules, then rate limits (https://developers.cloudflare.com/waf/concepts/).
"""

import json
import logging
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from sandbox.cloudflare.resources.ruleset_validation import CHALLENGES, CUSTOM, RATE_LIMIT
from sandbox.cloudflare.store import Store
from sandbox.edge.error_pages import Page
from sandbox.edge.expressions import compiled
from sandbox.edge.visitor_request import Visit

NOT_EVALUATED = b"culvert-sandbox-not-evaluated"
"""Answer's header: the rules that could have said something of this visit, had this sandbox been able to evaluate them."""
COUNTED: dict[str, Callable[[Visit], str]] = {
    "ip.src": lambda visit: visit.address,
    "cf.unique_visitor_id": lambda visit: visit.address,
    "ip.src.country": lambda visit: visit.country,
    "ip.geoip.country": lambda visit: visit.country,
    "http.host": lambda visit: visit.host,
    "http.request.uri.path": lambda visit: visit.path,
}
"""What tells visitors apart for a rate limit. The sandbox is one data centre, so `cf.colo.id` does not."""
Rule = dict[str, Any]
log = logging.getLogger(__name__)


class Guard:
    """Judges visits by the rulesets that the API holds at that moment; `clock` gives seconds."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._clock = clock
        self._counters: dict[tuple[str, ...], _Counter] = {}

    def judge(self, zone: str, visit: Visit) -> Page | None:
        """The page that a visit ends with, None where it may go on. What could not be evaluated is told to the visitor."""
        rulesets = self._rulesets(zone)
        skipped: set[str] = set()
        for rule in self._matching(rulesets.get(CUSTOM, []), visit):
            if rule["action"] == "skip":
                parameters = rule.get("action_parameters") or {}
                skipped |= set(parameters.get("phases") or ())
                if parameters.get("ruleset") == "current":
                    break
            elif rule["action"] == "execute":
                _tell(rule, visit)
            elif page := _page(rule, f"the rule {_title(rule)} blocks this request", 1020, 403, "Access denied"):
                return page
        limits = [] if RATE_LIMIT in skipped else rulesets.get(RATE_LIMIT, [])
        for rule in self._matching(limits, visit):
            if self._exceeded(rule, visit) and (
                page := _page(rule, f"the rule {_title(rule)} counts too many requests", 1015, 429, "Rate limited")
            ):
                return page
        return None

    def _rulesets(self, zone: str) -> dict[str, list[Rule]]:
        rows = self._store.all("SELECT body FROM objects WHERE kind = 'rulesets' AND scope = ?", zone)
        found = [json.loads(row["body"]) for row in rows]
        return {ruleset["phase"]: ruleset["rules"] for ruleset in found if ruleset["kind"] == "zone"}

    def _matching(self, rules: list[Rule], visit: Visit) -> Iterator[Rule]:
        for rule in rules:
            said = compiled(rule["expression"])(visit) if rule["enabled"] else False
            if said is None:
                _tell(rule, visit)
            elif said:
                yield rule

    def _exceeded(self, rule: Rule, visit: Visit) -> bool:
        limit = rule["ratelimit"]
        named = [each for each in limit["characteristics"] if each != "cf.colo.id"]
        if limit.get("counting_expression") or any(each not in COUNTED for each in named):
            _tell(rule, visit)
            return False
        key = (rule["id"], rule["version"], *(COUNTED[each](visit) for each in named))
        counter = self._counters.setdefault(key, _Counter())
        return counter.exceeds(limit, self._clock())


class _Counter:
    """The requests of one visitor under one rule: a window that slides, and for how long it has been shut."""

    def __init__(self) -> None:
        self.times: deque[float] = deque()
        self.shut_until = 0.0

    def exceeds(self, limit: dict[str, Any], now: float) -> bool:
        """Counts one more. With a timeout the visitor is shut out for it; without, only what is above the rate is."""
        if now < self.shut_until:
            return True
        while self.times and self.times[0] <= now - limit["period"]:
            self.times.popleft()
        if len(self.times) < limit["requests_per_period"]:
            self.times.append(now)
            return False
        if limit["mitigation_timeout"]:
            self.times.clear()
            self.shut_until = now + limit["mitigation_timeout"]
        return True


def _page(rule: Rule, why: str, code: int, status: int, title: str) -> Page | None:
    if rule["action"] == "block":
        return Page(status, code, title, why)
    if rule["action"] in CHALLENGES:
        # A browser would solve it and come back; here nobody does.
        asks = f"the rule {_title(rule)} asks for a {rule['action'].replace('_', ' ')}"
        return Page(403, 403, "Just a moment...", asks, headers=((b"cf-mitigated", b"challenge"),))
    return None


def _title(rule: Rule) -> str:
    return rule["description"] or rule["ref"]


def _tell(rule: Rule, visit: Visit) -> None:
    log.warning("rule %s is not evaluated here: %s", _title(rule), rule["expression"])
    visit.remarks.append((NOT_EVALUATED, _title(rule).encode("ascii", "replace")))
