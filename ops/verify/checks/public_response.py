"""Checks of the response to a public URL: name resolution, certificate, answer."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from ops.verify.faults import public as faults
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
    "1016": faults.NO_ORIGIN,
    "1033": faults.NO_CONNECTION,
    "502": faults.BAD_GATEWAY,
    "503": faults.UNAVAILABLE,
    "504": faults.TIMEOUT,
}
"""The fault by Cloudflare's error code, or else by the HTTP status."""

REFUSALS = {
    "1020": "a custom rule of the zone blocks requests like this one",
    "1015": "a rate limit of the zone blocks clients with as many requests as this one",
}


def judge(url: PublicUrl, response: Response, now: datetime | None = None) -> list[CheckResult]:
    """All checks of one response."""
    subject, host = url.url, urlsplit(url.url).hostname or ""
    if response.failure == "name":
        return [RESOLVES.finds(subject, f"{host} does not resolve", faults.UNRESOLVED, host=host)]
    resolves = RESOLVES.passed(subject, ", ".join(response.addresses))
    if response.failure == "certificate":
        return [resolves, CERTIFICATE.finds(subject, response.detail, faults.NO_CERTIFICATE)]
    if response.failure:
        return [resolves, ANSWER.finds(subject, response.detail, faults.UNREACHABLE)]
    return [resolves, _certificate(subject, response, now or datetime.now(UTC)), _answer(url, response)]


def _certificate(subject: str, response: Response, now: datetime) -> CheckResult:
    if response.certificate_expires is None:
        return CERTIFICATE.passed(subject, "valid")
    observed = f"valid until {response.certificate_expires:%Y-%m-%d}"
    if response.certificate_expires - now < _EXPIRY_WARNING:
        return CERTIFICATE.finds(subject, observed, faults.CERTIFICATE_EXPIRES)
    return CERTIFICATE.passed(subject, observed)


def _answer(url: PublicUrl, response: Response) -> CheckResult:
    subject, observed = url.url, f"HTTP {response.status}"
    match = re.search(r"error code: (\d+)|Error (\d{4})\b", response.body)
    code = next((group for group in match.groups() if group), "") if match else ""
    error = ERRORS.get(code) or (ERRORS.get(str(response.status)) if response.status != 530 else None)
    if "cloudflare" not in response.headers.get("server", "").lower() and "cf-ray" not in response.headers:
        return ANSWER.finds(subject, f"{observed}, but not from Cloudflare", faults.NOT_CLOUDFLARE)
    expected = re.fullmatch(r"http_status:(\d+)", url.service)
    if expected and response.status == int(expected[1]):
        return ANSWER.passed(subject, f"{observed}, as declared")
    if error or response.status == 530 or (expected and not _is_refusal(response)):
        shown = f"{observed}{f', error {code}' if code else ''}"
        return ANSWER.finds(subject, shown, error or faults.OTHER_RULE, impact=f"an error page: {shown}")
    if _is_login(response):
        return ANSWER.passed(subject, "Access asks for a login")
    if _is_refusal(response):
        challenged = response.headers.get("cf-mitigated") == "challenge"
        reason = "a rule of the zone challenges requests like this one" if challenged else REFUSALS.get(code)
        reason = reason or "a rule at Cloudflare, or Access, refuses requests like this one"
        return ANSWER.passed(subject, f"{observed}: {reason}")
    if url.requires_login:
        return ANSWER.finds(
            subject,
            f"{observed} without a login, but Access is declared for this URL",
            faults.NO_LOGIN,
        )
    scheme = url.service.split(":")[0]
    if scheme in _NOT_HTTP:
        return ANSWER.skipped(subject, f"{scheme} needs a client of its own; Cloudflare answers {observed}")
    if response.status >= 500:
        return ANSWER.finds(subject, observed, faults.SERVICE_ERROR)
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
