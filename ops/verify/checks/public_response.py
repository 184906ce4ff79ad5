"""Checks of the response to a public URL: name resolution, certificate, answer."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from ops.verify.http_probe import Response
from ops.verify.public_urls import PublicUrl
from ops.verify.result import Check, CheckResult

RESOLVES = Check("internet", "resolves")
CERTIFICATE = Check("internet", "certificate")
ANSWER = Check("internet", "answer")

_EXPIRY_WARNING = timedelta(days=7)
_ACCESS_HOST = re.compile(r"(^|\.)cloudflareaccess\.com$")
_NOT_HTTP = ("tcp", "ssh", "rdp", "smb")

ERRORS = {
    "1016": ("the record points at a tunnel that does not exist", "see the checks tunnel and records of the API"),
    "1033": ("no connector of the tunnel is connected", "see the check pods of the cluster and connections of the API"),
    "502": ("the connector cannot reach the service", "check the service's pods, and see the check backends"),
    "503": ("the tunnel has no rules, or the service itself is unavailable", "see the check rules; check the service"),
    "504": ("the service takes too long", "check the service's pods"),
}
"""Cause and remedy by Cloudflare's error code, or else by the HTTP status."""

REFUSALS = {
    "1020": "a custom rule of the zone blocks requests like this one",
    "1015": "a rate limit of the zone blocks clients with as many requests as this one",
}


def judge(url: PublicUrl, response: Response, now: datetime | None = None) -> list[CheckResult]:
    """All checks of one response."""
    subject, host = url.url, urlsplit(url.url).hostname or ""
    if response.failure == "name":
        return [
            RESOLVES.failed(
                subject,
                f"{host} does not resolve",
                impact="no such name",
                cause="the record is missing or not proxied, or the zone's name servers are not Cloudflare's (yet)",
                remedy="see the check records of the API; dig NS of the zone; a new name takes a minute",
            )
        ]
    resolves = RESOLVES.passed(subject, ", ".join(response.addresses))
    if response.failure == "certificate":
        failed = CERTIFICATE.failed(
            subject,
            response.detail,
            impact="a browser warning, or no page at all",
            cause="no certificate covers the name: Universal SSL covers the zone and one label below it, and is issued "
            "within a day for a new zone",
            remedy="dash.cloudflare.com > SSL/TLS > Edge Certificates; deeper names need an advanced certificate",
        )
        return [resolves, failed]
    if response.failure:
        failed = ANSWER.failed(
            subject,
            response.detail,
            impact="no answer",
            cause="the network between this machine and Cloudflare, or the record points elsewhere",
            remedy="try from another network",
        )
        return [resolves, failed]
    return [resolves, _certificate(subject, response, now or datetime.now(UTC)), _answer(url, response)]


def _certificate(subject: str, response: Response, now: datetime) -> CheckResult:
    if response.certificate_expires is None:
        return CERTIFICATE.passed(subject, "valid")
    observed = f"valid until {response.certificate_expires:%Y-%m-%d}"
    if response.certificate_expires - now < _EXPIRY_WARNING:
        return CERTIFICATE.failed(
            subject,
            observed,
            impact="a browser warning from that day on",
            cause="the certificate was not renewed, which Cloudflare normally does a month ahead",
            remedy="dash.cloudflare.com > SSL/TLS > Edge Certificates; a CAA record may forbid it",
        )
    return CERTIFICATE.passed(subject, observed)


def _answer(url: PublicUrl, response: Response) -> CheckResult:
    subject, observed = url.url, f"HTTP {response.status}"
    match = re.search(r"error code: (\d+)|Error (\d{4})\b", response.body)
    code = next((group for group in match.groups() if group), "") if match else ""
    error = ERRORS.get(code) or (ERRORS.get(str(response.status)) if response.status != 530 else None)
    if "cloudflare" not in response.headers.get("server", "").lower() and "cf-ray" not in response.headers:
        return ANSWER.failed(
            subject,
            f"{observed}, but not from Cloudflare",
            impact="the site at another address",
            cause="the record is not proxied, or points elsewhere",
            remedy="see the check records of the API",
        )
    expected = re.fullmatch(r"http_status:(\d+)", url.service)
    if expected and response.status == int(expected[1]):
        return ANSWER.passed(subject, f"{observed}, as declared")
    if error or response.status == 530 or (expected and not _is_refusal(response)):
        cause, remedy = error or ("the rule differs from the declared one", "see the check rules of the API")
        shown = f"{observed}{f', error {code}' if code else ''}"
        return ANSWER.failed(subject, shown, impact=f"an error page: {shown}", cause=cause, remedy=remedy)
    if _is_login(response):
        return ANSWER.passed(subject, "Access asks for a login")
    if _is_refusal(response):
        challenged = response.headers.get("cf-mitigated") == "challenge"
        reason = "a rule of the zone challenges requests like this one" if challenged else REFUSALS.get(code)
        reason = reason or "a rule at Cloudflare, or Access, refuses requests like this one"
        return ANSWER.passed(subject, f"{observed}: {reason}")
    if url.requires_login:
        return ANSWER.failed(
            subject,
            f"{observed} without a login, but Access is declared for this URL",
            impact="the whole site, without a login",
            cause="the Access application is gone, or one of its policies lets every request pass (bypass)",
            remedy="pulumi up --refresh restores what the stack file declares; otherwise check "
            "one.dash.cloudflare.com > Access > Applications",
        )
    scheme = url.service.split(":")[0]
    if scheme in _NOT_HTTP:
        return ANSWER.skipped(subject, f"{scheme} needs a client of its own; Cloudflare answers {observed}")
    if response.status >= 500:
        cause, remedy = "the service itself answers with this error", "check the service's logs"
        return ANSWER.failed(subject, observed, impact="an error from the service", cause=cause, remedy=remedy)
    note = ": nothing at this path, from the service or the catch-all rule" if response.status == 404 else ""
    return ANSWER.passed(subject, f"{observed}{note}")


def _is_refusal(response: Response) -> bool:
    return response.status in (401, 403, 429) or response.headers.get("cf-mitigated") == "challenge"


def _is_login(response: Response) -> bool:
    """Whether the response redirects to the login page of Cloudflare Access."""
    location = urlsplit(response.headers.get("location", ""))
    return response.status in (301, 302, 303, 307) and bool(
        _ACCESS_HOST.search(location.hostname or "") or "/cdn-cgi/access/" in location.path
    )
