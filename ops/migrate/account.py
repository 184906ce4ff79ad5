"""A live tunnel of a Cloudflare account: its rules, and the zones of their hostnames."""

import re
from contextlib import suppress

from publicsuffixlist import PublicSuffixList
from pydantic_core import PydanticCustomError

from clients.cloudflare import CloudflareApi
from clients.errors import CheckUnavailable
from ops.errors import OperatorError
from ops.migrate import api_configuration
from ops.migrate.existing_setup import ExistingSetup, SkippedItem
from ops.migrate.input_object import InputObject, Place
from settings.types.dns import normalize_hostname

_ID = re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}")


def read(account: str, tunnel: str | None) -> ExistingSetup:
    """A tunnel of the account, by its id or its name, with the account's zones of its hostnames.

    The token of CLOUDFLARE_API_TOKEN needs to read tunnels, and zones unless they are given by hand. Raises
    OperatorError where there is no such tunnel, or where its rules are not at Cloudflare, CheckUnavailable where the
    API refuses.
    """
    if not re.fullmatch("[0-9a-f]{32}", account):
        raise OperatorError(f"--from-account {account} is not the id of an account: 32 hex digits, as in the dashboard")
    if not tunnel:
        raise OperatorError("--from-account needs the tunnel: name it with --tunnel, by its id or its name")
    api = CloudflareApi()
    by_id = _ID.fullmatch(tunnel) is not None
    found = api.tunnel(account, tunnel) if by_id else next(iter(api.tunnels(account, tunnel)), None)
    if found is None:
        raise OperatorError(f"the account {account} has no tunnel {tunnel}, or it is deleted")
    name, tunnel_id = str(found.get("name") or tunnel), tunnel if by_id else found["id"]
    if found.get("config_src") == "local" or found.get("remote_config") is False:
        raise OperatorError(
            f"the rules of the tunnel {name} are not at Cloudflare: it is configured by a config.yml on the machine "
            "that runs it, which this command reads as a FILE"
        )
    setup = api_configuration.read(InputObject(api.configuration(account, tunnel_id), Place(f"tunnel {name}")))
    setup.title, setup.name, setup.account_id = name, tunnel_id, account
    remedy = (
        "let the stack create its own and move each record to it with adopt, whose id `pulumi preview` prints; or keep "
        f"this one with tunnel: {{adopt: {tunnel_id}}}, as docs/adoption.md describes"
    )
    setup.skipped.append(SkippedItem(f"tunnel {name}", "its connectors and its token stay as they are", remedy))
    _add_zones(api, account, setup)
    return setup


def _add_zones(api: CloudflareApi, account: str, setup: ExistingSetup) -> None:
    """Adds the account's zones that the hostnames are in, with their ids."""
    suffixes = PublicSuffixList(accept_unknown=False)
    names: dict[str, None] = {}
    for rule in setup.rules:
        with suppress(PydanticCustomError):  # which is rejected with the settings
            name = normalize_hostname(rule.hostname).removeprefix("*.")
            if registered := suffixes.privatesuffix(name):
                # A zone may also be a subdomain of a name that is registered.
                deeper = name.removesuffix(registered).split(".")[:-1]
                names |= dict.fromkeys(".".join([*deeper[index:], registered]) for index in range(len(deeper) + 1))
    try:
        for name in names:
            for zone in api.items("/zones", "Zone", paged=False, name=name, **{"account.id": account}):
                if zone.get("name") == name:
                    setup.zones[name] = zone["id"]
    except CheckUnavailable as error:
        remedy = f"{error.remedy}; or set the zones with --zone NAME=ID"
        setup.skipped.append(SkippedItem("zones", f"the account's zones could not be read: {error}", remedy))
