"""Failures of a run, each with what to do about it."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from pulumi.automation import CommandError
from pulumi.automation.events import DiagnosticEvent

from sandbox.engine.policy_pack import SOURCE, Violation
from settings import SettingsError

_API = "https://developers.cloudflare.com/api/"
_HINTS: tuple[tuple[str, str, str], ...] = (
    (
        r"\b1013\b",
        "a tunnel name that is free in the account: take it over with `python -m ops recover` where an earlier run of this stack made "
        "it, delete it if nothing uses it, or give the stack another name",
        _API + "resources/zero_trust/subresources/tunnels/",
    ),
    (
        r"\b1022\b",
        "a tunnel without connections: somebody else's connectors still hold it. Stop them, or destroy with --run-program, "
        "which has the program drop them",
        _API + "resources/zero_trust/subresources/tunnels/",
    ),
    (
        r"\b1014\b",
        "a network that no other route of the account has in the same virtual network: delete that route if nothing needs it, take it over with "
        "`python -m ops recover` where an earlier run of this stack made it, or give `culvert:privateNetworks` a virtual network of its own",
        _API + "resources/zero_trust/subresources/networks/subresources/routes/",
    ),
    (
        r"\b1023\b",
        "a tunnel without private routes: somebody routed a network through it by hand. Delete those routes under dashboard > Networks > Routes",
        _API + "resources/zero_trust/subresources/networks/subresources/routes/",
    ),
    (
        r"\b8105[378]\b",
        "a hostname without a record: take it over with `python -m ops recover` where an earlier run of this stack made it, with `adopt` on its "
        "route where somebody else did, delete it if it is yours, or choose another hostname",
        _API + "resources/dns/",
    ),
    (
        r"\b20217\b",
        "a zone and phase without a ruleset that the state does not know: `pulumi import` the one that is there, or let another stack own the zone",
        "https://developers.cloudflare.com/ruleset-engine/about/rulesets/",
    ),
    (
        r"\b(9109|10000|1001)\b",
        "an API token with Account > Cloudflare Tunnel: Edit and Zone > DNS: Edit on every zone (Zone: Read where zones are looked up)",
        "https://developers.cloudflare.com/fundamentals/api/reference/permissions/",
    ),
    (
        r"is protected|protected resource",
        "a tunnel that is not protected: `culvert:tunnel: {protect: false}`, up, then destroy",
        "https://www.pulumi.com/docs/iac/concepts/resources/options/protect/",
    ),
    (
        r"already exists|AlreadyExists",
        "a name that is free in the cluster: for a namespace that is there, set `create: false` under `culvert:namespace`; otherwise `python -m ops recover` finds what an earlier run left",
        "https://kubernetes.io/docs/concepts/overview/working-with-objects/names/",
    ),
    (
        r"violates PodSecurity",
        "pods that pass the restricted Pod Security standard",
        "https://kubernetes.io/docs/concepts/security/pod-security-standards/",
    ),
)
"""Pattern in the provider's message → what is accepted, and the page that says so."""


class RunFailed(Exception):
    """A run of the engine that ended in errors: a list of mappings in the shape that `--json` prints."""

    def __init__(self, errors: list[dict[str, Any]]) -> None:
        super().__init__("\n".join(error["message"] for error in errors))
        self.errors = errors


def as_error(
    message: str, *, key: str = "", value: object = None, accepted: str = "", source: str = ""
) -> dict[str, Any]:
    """One entry of `{"errors": […]}`."""
    return {"key": key, "value": value, "accepted": accepted, "source": source, "message": message}


def from_settings(error: SettingsError) -> list[dict[str, Any]]:
    """Every mistake in a stack file, as an entry of `{"errors": […]}`."""
    return [as_error(m.message, key=m.key, value=m.value, accepted=m.accepted, source=m.source) for m in error.mistakes]


def from_run(
    diagnostics: Iterable[DiagnosticEvent], error: CommandError, stack: str, violations: Iterable[Violation] = ()
) -> RunFailed:
    """The mandatory rules that are broken and the errors that the engine told, once each; where there are none, what its
    command printed."""
    errors: dict[str, dict[str, Any]] = {}
    for found in violations:
        if found.level == "mandatory":
            said, _, remedy = found.message.partition("\nWhat to do: ")
            message = f"{found.rule}: {found.resource}: {said}\nWhat to do: {remedy}"
            errors[message] = as_error(message, key=found.rule, value=found.resource, accepted=remedy, source=SOURCE)
    for event in diagnostics:
        # What a program ends with is told twice: by the program, and so by its host.
        message = _plain(event.message).removeprefix("an unhandled error occurred: ")
        if not message or message in ("update failed", "preview failed", "resource registrations failed"):
            continue
        resource = (event.urn or "").split("::")[-1]
        errors.setdefault(message, _with_hint(message, resource))
    if not errors:
        message = _plain(str(error))
        errors[message] = _with_hint(message, stack)
    return RunFailed(list(errors.values()))


def _with_hint(message: str, resource: str) -> dict[str, Any]:
    for pattern, accepted, source in _HINTS:
        if re.search(pattern, message):
            return as_error(f"{message}\nWhat to do: {accepted}.", key=resource, accepted=accepted, source=source)
    return as_error(message, key=resource)


def _plain(text: str) -> str:
    """Without the engine's colour tags and the blank lines around."""
    return re.sub(r"<\{%.*?%\}>|\x1b\[[0-9;]*m", "", text).strip()


def lines(errors: Iterable[Mapping[str, Any]]) -> str:
    """The errors for a person: numbered where there is more than one."""
    texts = [str(error["message"]) for error in errors]
    if len(texts) == 1:
        return texts[0]
    return "\n".join(f"{number}. {text}" for number, text in enumerate(texts, 1))
