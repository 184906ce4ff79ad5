"""A `config.yml` of a locally managed cloudflared.

Source: https://developers.cloudflare.com/cloudflare-one/networks/connectors/cloudflare-tunnel/do-more-with-tunnels/local-management/configuration-file/
"""

import re
from collections.abc import Mapping
from typing import Any

from ops.migrate import origins
from ops.migrate.conversion import Candidate, Found, Left

UNNEEDED = {"credentials-file", "credentials-contents", "origincert", "no-autoupdate", "autoupdate-freq", "pidfile"}
"""Of no use to a connector that the stack runs: its token comes from the stack, its version from the image."""
OPTIONS = {
    "protocol": "connector.protocol",
    "loglevel": "connector.logLevel",
    "grace-period": "connector.gracePeriod",
    "region": "connector.region",
    "edge-ip-version": "connector.edgeIpVersion",
    "post-quantum": "connector.postQuantum",
}
HERE = re.compile(r"(?<=://)(localhost|127\.[0-9.]+|\[::1\])(?=[:/]|$)")
"""The machine that cloudflared ran on, in a service."""


def read(document: Mapping[str, Any], localhost: str | None) -> Found:
    """What a config.yml says. `localhost` is the address of the machine it ran on, None where that is not said."""
    found = Found()
    shared = document.get("originRequest") or {}
    # Whether a certificate is verified is said route by route.
    defaults = {key: value for key, value in shared.items() if key != "noTLSVerify"}
    for path, value in origins.options("originRequest", defaults, found.left).items():
        found.options[path.replace("origin.", "originDefaults.", 1)] = value
    shared = {key: value for key, value in shared.items() if key == "noTLSVerify"}
    rules = [rule for rule in document.get("ingress") or [] if isinstance(rule, Mapping)]
    for number, rule in enumerate(rules):
        _rule(rule, number == len(rules) - 1, shared, localhost, found)
    for key, value in document.items():
        if key in OPTIONS:
            text = str(value) if key == "edge-ip-version" else value
            found.options[OPTIONS[key]] = text
        elif key == "tunnel":
            why = "its rules are in this file, and such a tunnel cannot be changed to take them from the stack"
            do = (
                "let the stack make its own. Take each record over with adopt, whose id `pulumi preview` says, and delete this "
                "tunnel once its connector is stopped"
            )
            found.left.append(Left(f"tunnel {value}", why, do))
        elif key == "warp-routing":
            if (value or {}).get("enabled"):
                do = "name them under `culvert:privateNetworks` (`cloudflared tunnel route ip list`), and delete this tunnel's routes first"
                found.left.append(Left("warp-routing", "which private networks it routes is not in this file", do))
        elif key not in UNNEEDED | {"ingress", "originRequest"}:
            do = "see `culvert:connector` in docs/settings.md; most options are environment variables as well"
            found.left.append(Left(key, "it says how cloudflared ran on its machine", do))
    return found


def _rule(rule: Mapping[str, Any], last: bool, shared: Mapping[str, Any], localhost: str | None, found: Found) -> None:
    hostname, service, path = (str(rule.get(key) or "") for key in ("hostname", "service", "path"))
    if hostname in ("", "*"):
        if not (last and not path and service == "http_status:404"):
            why = f"{service} took requests for any hostname; here what no route takes is answered with 404"
            do = "make a route for each hostname meant, or one with a wildcard such as *.example.com"
            found.left.append(Left(f"the rule without a hostname{f', path {path}' if path else ''}", why, do))
        return
    name = f"{hostname} {path}".strip()
    if localhost:
        service = HERE.sub(localhost, service)
    if HERE.search(service) or service.startswith("unix"):
        why = f"{service} is on the machine that cloudflared ran on, and in the cluster that would be the connector's own pod"
        do = "name the Service it has become; or the machine, if pods reach it: --localhost ADDRESS"
        found.left.append(Left(name, why, do))
        return
    route = {"hostname": hostname, "service": service.rstrip("/"), **({"path": {"regex": path}} if path else {})}
    origin = {**shared, **(rule.get("originRequest") or {})}
    found.routes.append(Candidate(route, origins.options(name, origin, found.left)))
