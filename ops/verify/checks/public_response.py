"""What a visitor of each address gets, judged: the name, the certificate, the answer."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from ops.verify.http_probe import Visit
from ops.verify.public_urls import Address
from ops.verify.result import Check, Finding

RESOLVES = Check("internet", "resolves")
CERTIFICATE = Check("internet", "certificate")
ANSWER = Check("internet", "answer")

_SOON = timedelta(days=7)
_ACCESS = re.compile(r"(^|\.)cloudflareaccess\.com$")
_OTHER = ("tcp", "ssh", "rdp", "smb")

TROUBLES = {
    "1016": ("the record points at a tunnel that is not there", "look at the api's tunnel and records above"),
    "1033": ("no connector of the tunnel is connected", "look at the cluster's pods and the api's connections above"),
    "502": ("the connector does not reach the service", "look at the service's pods, and at backends above"),
    "503": (
        "the tunnel has no rules, or the service itself is not there",
        "look at the rules above, and at the service",
    ),
    "504": ("the service takes too long", "look at the service's pods"),
}

REFUSALS = {
    "1020": "a custom rule of the zone blocks visitors like this one",
    "1015": "a rate limit of the zone turns away who comes as often as this one did",
}


def judge(address: Address, visit: Visit, now: datetime | None = None) -> list[Finding]:
    """All that one visit says."""
    about, host = address.url, urlsplit(address.url).hostname or ""
    if visit.trouble == "name":
        seen = f"{host} does not resolve"
        return [
            RESOLVES.failed(
                about,
                seen,
                visitor="no such name",
                cause="the record is missing or not proxied, or the zone's name servers are not Cloudflare's (yet)",
                remedy="look at the api's records above; dig NS of the zone; a new name takes a minute",
            )
        ]
    findings = [RESOLVES.passed(about, ", ".join(visit.addresses))]
    if visit.trouble == "certificate":
        return [
            *findings,
            CERTIFICATE.failed(
                about,
                visit.detail,
                visitor="a warning of the browser's, or no page at all",
                cause="no certificate covers the name: Universal SSL covers the zone and one label below, and takes a day at first",
                remedy="dash.cloudflare.com > SSL/TLS > Edge Certificates; deeper names take an advanced certificate",
            ),
        ]
    if visit.trouble:
        cause, remedy = (
            "the network between here and Cloudflare, or the record leads elsewhere",
            "try from another network",
        )
        failed = ANSWER.failed(about, visit.detail, visitor="no answer", cause=cause, remedy=remedy)
        return [*findings, failed]
    return [*findings, _certificate(about, visit, now or datetime.now(UTC)), _answer(address, visit)]


def _certificate(about: str, visit: Visit, now: datetime) -> Finding:
    if visit.expires is None:
        return CERTIFICATE.passed(about, "valid")
    seen = f"valid until {visit.expires:%Y-%m-%d}"
    if visit.expires - now < _SOON:
        return CERTIFICATE.failed(
            about,
            seen,
            visitor="a warning of the browser's from that day on",
            cause="the certificate is not renewed: Cloudflare does so a month ahead, where it may",
            remedy="dash.cloudflare.com > SSL/TLS > Edge Certificates; a CAA record may forbid it",
        )
    return CERTIFICATE.passed(about, seen)


def _answer(address: Address, visit: Visit) -> Finding:
    about, seen = address.url, f"HTTP {visit.status}"
    code = re.search(r"error code: (\d+)|Error (\d{4})\b", visit.body)
    number = next((each for each in code.groups() if each), "") if code else ""
    reason = TROUBLES.get(number) or (TROUBLES.get(str(visit.status)) if visit.status != 530 else None)
    if "cloudflare" not in visit.headers.get("server", "").lower() and "cf-ray" not in visit.headers:
        return ANSWER.failed(
            about,
            f"{seen}, and not from Cloudflare",
            visitor="whatever answers at that other address",
            cause="the record is not proxied, or leads elsewhere",
            remedy="look at the api's records above",
        )
    expected = re.fullmatch(r"http_status:(\d+)", address.service)
    if expected and visit.status == int(expected[1]):
        return ANSWER.passed(about, f"{seen}, as declared")
    if reason or visit.status == 530 or (expected and not _refused(visit)):
        cause, remedy = reason or ("the rule is another than the one declared", "look at the rules above")
        shown = f"{seen}{f', error {number}' if number else ''}"
        return ANSWER.failed(about, shown, visitor=f"{shown}: an error page", cause=cause, remedy=remedy)
    if _to_access(visit):
        return ANSWER.passed(about, "Access asks for a login")
    if _refused(visit):
        challenged = visit.headers.get("cf-mitigated") == "challenge"
        who = "a rule of the zone challenges visitors like this one" if challenged else REFUSALS.get(number)
        return ANSWER.passed(
            about, f"{seen}: {who or 'a rule at Cloudflare, or Access, refuses visitors like this one'}"
        )
    if address.protected:
        return ANSWER.failed(
            about,
            f"{seen} without a login, and Access is to guard this address",
            visitor="everything, whoever they are",
            cause="the application is gone, or a policy of it lets everyone through (bypass)",
            remedy="pulumi up --refresh puts back what the stack file says; else one.dash.cloudflare.com > Access > Applications",
        )
    if address.service.split(":")[0] in _OTHER:
        return ANSWER.skipped(
            about, f"{address.service.split(':')[0]} takes a client of its own; Cloudflare answers {seen}"
        )
    if visit.status >= 500:
        cause, remedy = "the service itself answers so", "look at the service's logs"
        return ANSWER.failed(about, seen, visitor="an error of the service's", cause=cause, remedy=remedy)
    return ANSWER.passed(
        about, seen if visit.status != 404 else f"{seen}: nothing at this path, says the service or the catch-all"
    )


def _refused(visit: Visit) -> bool:
    return visit.status in (401, 403, 429) or visit.headers.get("cf-mitigated") == "challenge"


def _to_access(visit: Visit) -> bool:
    to = urlsplit(visit.headers.get("location", ""))
    return visit.status in (301, 302, 303, 307) and bool(
        _ACCESS.search(to.hostname or "") or "/cdn-cgi/access/" in to.path
    )
