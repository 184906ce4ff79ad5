"""What a run works on: account, zone and cluster, named by environment variables, and the run's id."""

import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from clients.cloudflare import CloudflareApi

VARIABLES = {
    "CULVERT_LIVE_ACCOUNT": "the id of the account, 32 hex digits",
    "CULVERT_LIVE_ZONE": "the name of a zone of that account, such as example.com",
    "CLOUDFLARE_API_TOKEN": "an API token with the permissions of docs/live.md",
    "KUBECONFIG": "the file that leads to the cluster; its current context is used",
}
"""What must be set, and to what."""
_RUN = re.compile(r"live-[0-9a-f]{8}")


class LiveError(Exception):
    """A reason for which a run does not start. Its text is for the user."""


@dataclass(frozen=True)
class Target:
    """`run` is a part of the name of everything that the run creates."""

    account: str
    zone: str
    token: str
    kubeconfig: Path
    base_url: str
    run: str

    @property
    def stack(self) -> str:
        return self.run

    @property
    def hostname(self) -> str:
        return f"{self.run}.{self.zone}"


def read(environ: Mapping[str, str] | None = None, run: str | None = None) -> Target:
    """The target of a run, and a random run id where none is given.

    Raises LiveError with every variable that is missing or malformed.
    """
    environ = os.environ if environ is None else environ
    missing = [f"  {name}: {meaning}" for name, meaning in VARIABLES.items() if not environ.get(name)]
    if missing:
        raise LiveError("\n".join(["make live needs these environment variables (docs/live.md):", *missing]))
    account, zone = environ["CULVERT_LIVE_ACCOUNT"], environ["CULVERT_LIVE_ZONE"].lower().rstrip(".")
    kubeconfig = Path(environ["KUBECONFIG"]).expanduser()
    run = run or f"live-{secrets.token_hex(4)}"
    checks = (
        (re.fullmatch(r"[0-9a-f]{32}", account), f"CULVERT_LIVE_ACCOUNT is {account!r}; must be 32 hex digits"),
        (re.fullmatch(r"([a-z0-9-]+\.)+[a-z0-9-]+", zone), f"CULVERT_LIVE_ZONE is {zone!r}; must be a zone's name"),
        (kubeconfig.is_file(), f"KUBECONFIG is {str(kubeconfig)!r}; must be one file that exists"),
        (_RUN.fullmatch(run), f"--run is {run!r}; must be live- and 8 hex digits, as an earlier run printed it"),
    )
    wrong = [message for valid, message in checks if not valid]
    if wrong:
        raise LiveError("\n".join(wrong))
    base_url = environ.get("CLOUDFLARE_BASE_URL", "").rstrip("/") or "https://api.cloudflare.com/client/v4"
    return Target(account, zone, environ["CLOUDFLARE_API_TOKEN"], kubeconfig.resolve(), base_url, run)


def api_of(target: Target) -> "CloudflareApi":
    """A client of the target's API."""
    # Imported here: Cloudflare's SDK takes a while, and a missing variable is an error at once.
    from clients.cloudflare import CloudflareApi

    return CloudflareApi({"CLOUDFLARE_API_TOKEN": target.token, "CLOUDFLARE_BASE_URL": target.base_url})
