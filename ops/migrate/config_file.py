"""The `config.yml` of a locally managed cloudflared.

Source:
https://developers.cloudflare.com/cloudflare-one/networks/connectors/cloudflare-tunnel/do-more-with-tunnels/local-management/configuration-file/
"""

from ops.migrate.existing_setup import ExistingSetup, IngressRule, SkippedItem
from ops.migrate.input_object import InputObject, Option

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
RULE = {"hostname", "path", "service", "originRequest"}


def read(file: InputObject, setup: ExistingSetup, namespace: str = "") -> None:
    """Adds what a config.yml contains. `namespace` is that of the pod that it is for, empty outside a cluster."""
    setup.defaults += file.object("originRequest").options()
    setup.rules += [read_rule(rule, setup, namespace) for rule in file.objects("ingress")]
    for key in file.values:
        if key not in UNNEEDED | {"ingress", "originRequest"}:
            _read_option(key, file, setup)


def read_rule(rule: InputObject, setup: ExistingSetup, namespace: str = "") -> IngressRule:
    """A rule of `ingress`."""
    hostname, service, path = (rule.text(key) for key in ("hostname", "service", "path"))
    origin = rule.object("originRequest").options()
    found = IngressRule(hostname, service, path, origin, namespace=namespace, place=rule.place)
    for key in rule.values:
        if key not in RULE:
            reason, remedy = "cloudflared ignores this key of a rule", "leave it out, or correct it if it is misspelled"
            setup.skipped.append(SkippedItem(f"{found.name}, {key}", reason, remedy, rule.at(key)))
    return found


def _read_option(key: str, file: InputObject, setup: ExistingSetup) -> None:
    place, value = file.at(key), file.get(key)
    if key in OPTIONS:
        setup.settings.append(Option(OPTIONS[key], str(value) if key == "edge-ip-version" else value, place))
    elif key == "tunnel":
        reason = "its rules are in this file, and a locally configured tunnel cannot be changed to a remote one"
        remedy = (
            "let the stack create its own. Move each record to it with adopt, whose id `pulumi preview` prints, "
            "and delete this tunnel once its connector is stopped"
        )
        setup.skipped.append(SkippedItem(f"tunnel {value}", reason, remedy, place))
    elif key == "warp-routing":
        if file.object(key).get("enabled"):
            remedy = (
                "list them under `culvert:privateNetworks` (`cloudflared tunnel route ip list`), and first "
                "delete the routes of this tunnel"
            )
            reason = "the private networks that it routes are not in this file"
            setup.skipped.append(SkippedItem("warp-routing", reason, remedy, place))
    else:
        remedy = "see `culvert:connector` in docs/settings.md; most options can be set as environment variables too"
        setup.skipped.append(SkippedItem(key, "it configures how cloudflared runs on its machine", remedy, place))
