"""Options of cloudflared that a setup is given, in a file, as arguments or as variables: what becomes of each."""

import re
from collections.abc import Iterable
from typing import Any

from ops.migrate.connector_options import BY_NAME
from ops.migrate.existing_setup import ExistingSetup, IngressRule, SkippedItem
from ops.migrate.input_object import Option
from settings import is_connector_token


def apply(given: Iterable[Option], setup: ExistingSetup, namespace: str = "") -> None:
    """Adds the options given, each by its name, to the setup: the connector's settings, and the one rule that `url` and
    its like stand for where there are no others. What the stack has no setting for is reported."""
    single: dict[str, Option] = {}
    given = list(given)
    for option in given:
        known = BY_NAME.get(option.key)
        if known is None:
            remedy = "correct it if it is misspelled; leave it out if it is not needed"
            setup.skipped.append(SkippedItem(option.key, "cloudflared has no such option", remedy, option.place))
        elif known.names[0] in ("token", "token-file") or is_connector_token(str(option.value)):
            setup.remote = True
        elif known.effect == "setting":
            value = str(option.value) if known.kind == "text" and option.value is not None else option.value
            setup.settings.append(Option(known.target, value, option.place))
        elif known.effect == "variable":
            variable = [{"name": known.target, "value": _as_variable(option.value)}]
            setup.settings.append(Option("connector.extraEnv", variable, option.place))
        elif known.effect in ("origin", "service"):
            single[known.names[0]] = option
        elif known.effect == "name":
            setup.name = str(option.value)
        elif known.effect == "other":
            remedy = "see `culvert:connector` in docs/settings.md for an equivalent"
            reason = "it configures how cloudflared runs on its machine"
            setup.skipped.append(SkippedItem(option.key, reason, remedy, option.place))
    if single:
        _apply_single_rule(single, setup, namespace, routed=any(option.key in ("name", "n") for option in given))


def _as_variable(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def _apply_single_rule(options: dict[str, Option], setup: ExistingSetup, namespace: str, *, routed: bool) -> None:
    """The rule that cloudflared makes of flags such as `--url`, which it ignores where there are ingress rules.

    `routed` says that it creates the record of `hostname` itself, as with `--name`.
    """
    service = next((each for name in _SERVICES if (each := options.get(name)) and each.value), None)
    hostname = options.pop("hostname", None)
    if setup.rules or service is None:
        unused = options if service is None else {**options, service.key: service}
        for option in [*unused.values(), *([hostname] if hostname else [])]:
            reason = "cloudflared ignores it beside ingress rules" if setup.rules else "it has no effect without url"
            setup.skipped.append(SkippedItem(option.key, reason, "leave it out", option.place))
        return
    known = BY_NAME[service.key]
    text = str(service.value)
    if known.names[0] == "url":
        # As cloudflared does for an address without a scheme.
        text = text if re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*://", text) else f"http://{text}"
    else:
        text = f"unix:{text}" if known.target == "unix:" else known.target
    origin = tuple(
        Option(BY_NAME[name].target, option.value, option.place)
        for name, option in options.items()
        if BY_NAME[name].effect == "origin"
    )
    if (socks := options.get("socks5")) and socks.value:
        origin = (*origin, Option("proxyType", "socks", socks.place))
    name = str(hostname.value) if hostname else ""
    if hostname and not routed:
        reason = (
            "cloudflared ignores it for a tunnel that exists, and answers for every record that points at the tunnel"
        )
        remedy = "check that this is the hostname of such a record, and add a route for each other one"
        setup.skipped.append(SkippedItem(f"hostname {name}", reason, remedy, hostname.place))
    setup.rules.append(IngressRule(name, text, origin=origin, namespace=namespace, place=service.place))


_SERVICES = ("hello-world", "bastion", "url", "unix-socket")
"""Which of them cloudflared takes first."""
