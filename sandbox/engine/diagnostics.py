"""Errors of a failed run, each with a hint on what to do about it."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from pulumi.automation import CommandError
from pulumi.automation.events import DiagnosticEvent

from ops.recover.state import urn_name
from sandbox.engine.policy_pack import SOURCE, Violation
from sandbox.errors import error_entry
from settings import SettingsError

_API = "https://developers.cloudflare.com/api/resources/"
_TUNNELS = _API + "zero_trust/subresources/tunnels/"
_ROUTES = _API + "zero_trust/subresources/networks/subresources/routes/"
_RECOVER = "`python -m ops recover` if an earlier run of this stack created it"

_HINTS: tuple[tuple[str, str, str], ...] = (
    (
        r"\b1013\b",
        f"a tunnel name that is free in the account: import the existing tunnel with {_RECOVER}, "
        "delete it if it is unused, or give the stack another name",
        _TUNNELS,
    ),
    (
        r"\b1022\b",
        "a tunnel without connections: connectors from outside this stack are still connected. Stop them, or run "
        "destroy with --run-program, which disconnects them",
        _TUNNELS,
    ),
    (
        r"\b1014\b",
        "a network that no other route of the account has in the same virtual network: delete that route if it is "
        f"unused, import it with {_RECOVER}, or give `culvert:privateNetworks` a virtual network of its own",
        _ROUTES,
    ),
    (
        r"\b1023\b",
        "a tunnel without private routes: a network was routed through it from outside this stack. Delete those routes "
        "under dashboard > Networks > Routes",
        _ROUTES,
    ),
    (
        r"\b8105[378]\b",
        f"a hostname without a DNS record: import the record with {_RECOVER}, a foreign one with `adopt` "
        "on its route, delete it if it is yours, or choose another hostname",
        _API + "dns/",
    ),
    (
        r"\b20217\b",
        "a zone and phase without a ruleset outside the state: import the existing one with `pulumi import`, "
        "or manage the zone's rules in one stack only",
        "https://developers.cloudflare.com/ruleset-engine/about/rulesets/",
    ),
    (
        r"(?s)\bDELETE\b.*\b404\b",
        "a state without resources that no longer exist, as after an interrupted destroy: repeat the command, which "
        "looks for them first. Outside the sandbox, `python -m ops recover --adopt` removes them from the state",
        "docs/recover.md",
    ),
    (
        r"\b(9109|10000|1001)\b",
        "an API token with Account > Cloudflare Tunnel: Edit and Zone > DNS: Edit on every zone "
        "(and Zone: Read where zone ids are looked up)",
        "https://developers.cloudflare.com/fundamentals/api/reference/permissions/",
    ),
    (
        r"is protected|protected resource",
        "a tunnel that is not protected: set `culvert:tunnel: {protect: false}`, run up, then destroy",
        "https://www.pulumi.com/docs/iac/concepts/resources/options/protect/",
    ),
    (
        r"already exists|AlreadyExists",
        "a name that is free in the cluster: for an existing namespace, set `create: false` under `culvert:namespace`; "
        "for anything else, `python -m ops recover` finds what an earlier run left behind",
        "https://kubernetes.io/docs/concepts/overview/working-with-objects/names/",
    ),
    (
        r'field conflict detected|conflict with "',
        "fields that no other manager changed: `PULUMI_K8S_ENABLE_PATCH_FORCE=true` in the environment of one `up` "
        "takes them back; the number of pods is left to others by `culvert:connector: {replicas: external}`",
        "https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts",
    ),
    (
        r"violates PodSecurity",
        "pods that meet the restricted Pod Security Standard",
        "https://kubernetes.io/docs/concepts/security/pod-security-standards/",
    ),
)
"""Pattern in the provider's message, what is accepted, and the page that documents it."""


_EXPLANATIONS = (
    (
        "cannot be destroyed from Terraform",
        "the warning that the rules cannot be destroyed needs nothing done: they are deleted with the tunnel",
    ),
)
"""Words of a provider's warning, and what it means for a stack."""


class RunFailed(Exception):
    """A run of the engine that ended in errors: a list of mappings in the shape that `--json` prints."""

    def __init__(self, errors: list[dict[str, Any]]) -> None:
        super().__init__("\n".join(error["message"] for error in errors))
        self.errors = errors


def explanations(warnings: Iterable[DiagnosticEvent]) -> list[str]:
    """What the warnings of a run mean, where they say it in words that mislead."""
    messages = [event.message for event in warnings]
    return [meaning for words, meaning in _EXPLANATIONS if any(words in message for message in messages)]


def from_settings(error: SettingsError) -> list[dict[str, Any]]:
    """Every issue in a stack file, as an entry of `{"errors": […]}`."""
    return [
        error_entry(issue.text, key=issue.key, value=issue.value, accepted=issue.accepted, source=issue.source)
        for issue in error.issues
    ]


def from_run(
    diagnostics: Iterable[DiagnosticEvent], error: CommandError, stack: str, violations: Iterable[Violation] = ()
) -> RunFailed:
    """The broken mandatory rules and the engine's errors, each once; without any, the command's output."""
    errors: dict[str, dict[str, Any]] = {}
    for broken in violations:
        if broken.level == "mandatory":
            problem, _, remedy = broken.message.partition("\nWhat to do: ")
            message = f"{broken.rule}: {broken.resource}: {problem}\nWhat to do: {remedy}"
            errors[message] = error_entry(
                message, key=broken.rule, value=broken.resource, accepted=remedy, source=SOURCE
            )
    for event in diagnostics:
        # An exception of the program is reported twice: by the program and by the language host.
        message = _plain(event.message).removeprefix("an unhandled error occurred: ")
        if not message or message in ("update failed", "preview failed", "resource registrations failed"):
            continue
        errors.setdefault(message, _with_hint(message, urn_name(event.urn or "")))
    if not errors:
        message = _plain(str(error))
        errors[message] = _with_hint(message, stack)
    return RunFailed(list(errors.values()))


def _with_hint(message: str, resource: str) -> dict[str, Any]:
    for pattern, accepted, source in _HINTS:
        if re.search(pattern, message):
            hint = f"{message}\nWhat to do: {accepted}."
            return error_entry(hint, key=resource, accepted=accepted, source=source)
    return error_entry(message, key=resource)


def _plain(text: str) -> str:
    """The text without the engine's color tags and surrounding blank lines."""
    return re.sub(r"<\{%.*?%\}>|\x1b\[[0-9;]*m", "", text).strip()


def lines(errors: Iterable[Mapping[str, Any]]) -> str:
    """The errors for a terminal, numbered if there are several, each with the page that its rule comes from."""
    messages = [_with_source(str(error["message"]), error.get("source", "")) for error in errors]
    if len(messages) == 1:
        return messages[0]
    return "\n".join(f"{number}. {message}" for number, message in enumerate(messages, 1))


def _with_source(message: str, source: str) -> str:
    return f"{message}\n   See {source}" if source and source not in message else message
