"""Rules of cloudflared with the keys of a stack file, before these are validated."""

import re
from collections.abc import Iterator

from ops.migrate import origins, service_origins
from ops.migrate.existing_setup import CandidateRoute, ExistingSetup, IngressRule, SkippedItem, Values

LOCALHOST = re.compile(r"(?<=://)(localhost|127\.[0-9.]+|\[::1\])(?=[:/]|$)")
"""The machine on which cloudflared runs, in a service."""


def candidate_routes(setup: ExistingSetup, localhost: str | None) -> list[CandidateRoute]:
    """The routes of the rules that name a hostname; the others are reported. `localhost` is the address of the machine
    that the input is from, None if that is not known."""
    return list(_candidates(setup, localhost))


def default_options(setup: ExistingSetup) -> Values:
    """The tunnel's own `originRequest` as keys of the stack."""
    # Skipping the verification of certificates is set for each route alone, never as a default.
    defaults = {each.key: each.value for each in setup.defaults if each.key != "noTLSVerify"}
    found = origins.options("originRequest", defaults, setup.skipped)
    return {path.replace("origin.", "originDefaults.", 1): value for path, value in found.items()}


def _candidates(setup: ExistingSetup, localhost: str | None) -> Iterator[CandidateRoute]:
    shared = {each.key: each.value for each in setup.defaults if each.key == "noTLSVerify"}
    for rule in setup.rules:
        if rule.hostname in ("", "*"):
            if not (rule is setup.rules[-1] and not rule.path and rule.service == "http_status:404"):
                setup.skipped.append(_any_hostname(rule))
            continue
        service = LOCALHOST.sub(lambda _: localhost, rule.service) if localhost else rule.service
        if LOCALHOST.search(service) or service.startswith("unix"):
            reason = (
                f"{service} is on the machine that runs cloudflared; in the cluster it would be the connector's own pod"
            )
            remedy = (
                "use the Service that replaces it; or, if pods can reach the machine, its address: --localhost ADDRESS"
            )
            setup.skipped.append(SkippedItem(rule.name, reason, remedy, rule.place))
            continue
        found = service_origins.origin_of(rule, service, setup)
        path = {"path": {"regex": rule.path}} if rule.path else {}
        options = origins.options(
            rule.name, {**shared, **{each.key: each.value for each in rule.origin}}, setup.skipped, rule.place
        )
        options |= {each.key: each.value for each in rule.settings}
        yield CandidateRoute({"hostname": rule.hostname, **found, **path}, options)


def _any_hostname(rule: IngressRule) -> SkippedItem:
    reason = f"{rule.service} receives requests for any hostname; a stack answers 404 to requests that match no route"
    remedy = "add a route for each hostname, or one with a wildcard such as *.example.com"
    item = f"the rule without a hostname{f', path {rule.path}' if rule.path else ''}"
    return SkippedItem(item, reason, remedy, rule.place)
