"""The `config.yml` of a locally managed cloudflared.

Source:
https://developers.cloudflare.com/cloudflare-one/networks/connectors/cloudflare-tunnel/do-more-with-tunnels/local-management/configuration-file/
"""

import re

from ops.migrate import origins
from ops.migrate.existing_setup import CandidateRoute, ExistingSetup, SkippedItem
from ops.migrate.shapes import Object, mapping, mappings, text

UNNEEDED = {"credentials-file", "credentials-contents", "origincert", "no-autoupdate", "autoupdate-freq", "pidfile"}
"""Not needed by the stack's connector: its token comes from the stack, its version from the image."""
OPTIONS = {
    "protocol": "connector.protocol",
    "loglevel": "connector.logLevel",
    "grace-period": "connector.gracePeriod",
    "region": "connector.region",
    "edge-ip-version": "connector.edgeIpVersion",
    "post-quantum": "connector.postQuantum",
}
LOCALHOST = re.compile(r"(?<=://)(localhost|127\.[0-9.]+|\[::1\])(?=[:/]|$)")
"""The machine on which cloudflared runs, in a service."""


def read(document: Object, localhost: str | None) -> ExistingSetup:
    """The setup in a config.yml. `localhost` is the address of the machine it is from, None if that is not known."""
    setup = ExistingSetup()
    shared = mapping(document, "originRequest", "the file")
    # Skipping the verification of certificates is set for each route alone, never as a default.
    defaults = {key: value for key, value in shared.items() if key != "noTLSVerify"}
    for path, value in origins.options("originRequest", defaults, setup.skipped).items():
        setup.options[path.replace("origin.", "originDefaults.", 1)] = value
    shared = {key: value for key, value in shared.items() if key == "noTLSVerify"}
    rules = mappings(document, "ingress", "the file")
    for index, rule in enumerate(rules):
        _read_rule(rule, f"ingress[{index}]", index == len(rules) - 1, shared, localhost, setup)
    for key, value in document.items():
        if key in OPTIONS:
            setup.options[OPTIONS[key]] = str(value) if key == "edge-ip-version" else value
        elif key == "tunnel":
            reason = "its rules are in this file, and a locally configured tunnel cannot be changed to a remote one"
            remedy = (
                "let the stack create its own. Move each record to it with adopt, whose id `pulumi preview` prints, "
                "and delete this tunnel once its connector is stopped"
            )
            setup.skipped.append(SkippedItem(f"tunnel {value}", reason, remedy))
        elif key == "warp-routing":
            if mapping(document, key, "the file").get("enabled"):
                remedy = (
                    "list them under `culvert:privateNetworks` (`cloudflared tunnel route ip list`), and first "
                    "delete the routes of this tunnel"
                )
                reason = "the private networks that it routes are not in this file"
                setup.skipped.append(SkippedItem("warp-routing", reason, remedy))
        elif key not in UNNEEDED | {"ingress", "originRequest"}:
            remedy = "see `culvert:connector` in docs/settings.md; most options can be set as environment variables too"
            setup.skipped.append(SkippedItem(key, "it configures how cloudflared runs on its machine", remedy))
    return setup


def _read_rule(
    rule: Object, where: str, last: bool, shared: Object, localhost: str | None, setup: ExistingSetup
) -> None:
    hostname, service, path = (text(rule, key, where) for key in ("hostname", "service", "path"))
    if hostname in ("", "*"):
        if not (last and not path and service == "http_status:404"):
            reason = (
                f"{service} receives requests for any hostname; a stack answers 404 to requests that match no route"
            )
            remedy = "add a route for each hostname, or one with a wildcard such as *.example.com"
            item = f"the rule without a hostname{f', path {path}' if path else ''}"
            setup.skipped.append(SkippedItem(item, reason, remedy))
        return
    name = f"{hostname} {path}".strip()
    if localhost:
        service = LOCALHOST.sub(lambda _: localhost, service)
    if LOCALHOST.search(service) or service.startswith("unix"):
        reason = (
            f"{service} is on the machine that runs cloudflared; in the cluster it would be the connector's own pod"
        )
        remedy = "use the Service that replaces it; or, if pods can reach the machine, its address: --localhost ADDRESS"
        setup.skipped.append(SkippedItem(name, reason, remedy))
        return
    route = {"hostname": hostname, "service": service.rstrip("/"), **({"path": {"regex": path}} if path else {})}
    origin = {**shared, **mapping(rule, "originRequest", where)}
    setup.routes.append(CandidateRoute(route, origins.options(name, origin, setup.skipped)))
