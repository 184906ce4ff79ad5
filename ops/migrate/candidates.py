"""Rules of cloudflared with the keys of a stack file, before these are validated."""

from ops.migrate import machine_names, placeholders, service_origins
from ops.migrate.existing_setup import CandidateRoute, ExistingSetup, IngressRule, LeftOut, SkippedItem, Values
from ops.migrate.options_in_force import InForce, OriginOptions, divided
from ops.migrate.rule_hostnames import never_matches

_CHOOSES = "lets the visitor choose the destination, which no network policy can restrict"
_ELSEWHERE = "add a route for each destination that is needed"


def candidate_routes(setup: ExistingSetup, localhost: str | None) -> tuple[Values, list[CandidateRoute], list[LeftOut]]:
    """`originDefaults` of the stack, the routes of the rules that name a hostname, and the rules that cannot be routes.

    `localhost` is the address of the machine that the input is from, None if that is not known. What else is not
    migrated as is, is added to `setup.skipped`.
    """
    options, left_out = OriginOptions(setup), list[LeftOut]()
    found: list[tuple[IngressRule, Values, InForce, str]] = []
    for rule in setup.rules:
        if is_final_404(setup, rule):
            continue
        if item := _unsuitable(rule, options) or machine_names.unsuitable(rule, localhost):
            left_out.append(LeftOut(rule, item))
            continue
        service = machine_names.service_of(rule, localhost, setup)
        origin = service_origins.origin_of(rule, service, setup)
        scheme = service.partition(":")[0].lower() if "://" in service else ""
        found.append((rule, origin, options.of(rule, scheme), scheme))
    options.report_unused()
    defaults, own = divided([(in_force, scheme) for _, _, in_force, scheme in found])
    candidates: list[CandidateRoute] = []
    for (rule, origin, _, _), values in zip(found, own, strict=True):
        path = {"path": {"regex": rule.path}} if rule.path else {}
        more = {"origin": values} if values else {}
        more |= {each.key: each.value for each in rule.settings}
        candidates.append(CandidateRoute(rule, {"hostname": rule.hostname, **origin, **path}, more))
    return defaults, candidates, left_out


def is_final_404(setup: ExistingSetup, rule: IngressRule) -> bool:
    """Whether a rule is the last one, with the answer that a stack gives too."""
    last = rule is setup.rules[-1] and rule.hostname in ("", "*") and not rule.path
    return last and rule.service == "http_status:404"


def _unsuitable(rule: IngressRule, options: OriginOptions) -> SkippedItem | None:
    """Why a rule cannot be a route, apart from what the settings reject."""
    if found := placeholders.placeholder(rule.hostname, rule.service, path=rule.path):
        return SkippedItem(rule.name, f"{found} is a placeholder", placeholders.REMEDY, rule.place)
    if rule.hostname in ("", "*"):
        service = machine_names.shown_service(rule.service)
        item, reason = (
            "the rule without a hostname",
            f"{service} receives requests for any hostname; a stack answers 404",
        )
        if rule.path:
            item, reason = f"{item}, path {rule.path}", f"{reason}, or sends them to a route of their hostname"
        else:
            reason = f"{reason} to requests that match no route"
        remedy = "add a route for each hostname, or one with a wildcard such as *.example.com"
        return SkippedItem(item, reason, remedy, rule.place)
    if reason := never_matches(rule.hostname):
        return SkippedItem(rule.name, reason, "leave it out, or write the hostname as a route has it", rule.place)
    return _visitor_chooses(rule, options)


def _visitor_chooses(rule: IngressRule, options: OriginOptions) -> SkippedItem | None:
    if rule.service in ("bastion", "socks-proxy"):
        return SkippedItem(rule.name, f"the service {rule.service} {_CHOOSES}", _ELSEWHERE, rule.place)
    web = rule.service.partition(":")[0].lower() in ("http", "https", "ws", "wss")
    if "://" not in rule.service:
        return None
    bastion, proxy = options.stated(rule, "bastionMode"), options.stated(rule, "proxyType")
    if bastion and bastion.value is True:
        return SkippedItem(rule.name, f"bastionMode: true {_CHOOSES}", _ELSEWHERE, bastion.place)
    if proxy and proxy.value == "socks" and not web:
        return SkippedItem(rule.name, f"proxyType: socks {_CHOOSES}", _ELSEWHERE, proxy.place)
    return None
