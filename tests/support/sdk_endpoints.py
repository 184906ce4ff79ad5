"""The endpoints of Cloudflare's Python SDK, read from its source."""

import re
from collections.abc import Iterator
from pathlib import Path

import cloudflare

GROUPS = (
    "accounts/accounts.py",
    "zones/zones.py",
    "user/tokens/tokens.py",
    "zero_trust/tunnels",
    "zero_trust/networks",
    "zero_trust/organizations",
    "zero_trust/identity_providers",
    "zero_trust/access/applications",
    "zero_trust/access/policies.py",
    "zero_trust/access/service_tokens.py",
    "dns/records.py",
    "rulesets",
    "load_balancers",
    "alerting",
)
"""Modules and packages of the SDK whose resources the emulator has."""
_RESOURCES = Path(cloudflare.__file__).parent / "resources"
_CALL = re.compile(r'self\._(get_api_list|get|post|put|patch|delete)\(\s*(?:path_template\(\s*)?f?"([^"]+)"')


def endpoints() -> set[tuple[str, str]]:
    """Each `(method, path)` of the groups. A path that serves accounts and zones is listed once for each."""
    return {each for group in GROUPS for file in _files(group) for each in _of(file)}


def _files(group: str) -> list[Path]:
    path = _RESOURCES / group
    return [path] if path.is_file() else sorted(path.rglob("*.py"))


def _of(file: Path) -> Iterator[tuple[str, str]]:
    for verb, path in _CALL.findall(file.read_text()):
        method = "GET" if verb == "get_api_list" else verb.upper()
        for scope, id in (("accounts", "{account_id}"), ("zones", "{zone_id}")):
            yield method, path.replace("{account_or_zone}", scope).replace("{account_or_zone_id}", id)
