"""The `config.yml` of a locally managed cloudflared.

Source:
https://developers.cloudflare.com/cloudflare-one/networks/connectors/cloudflare-tunnel/do-more-with-tunnels/local-management/configuration-file/
"""

from collections.abc import Iterator

from ops.migrate import given_options
from ops.migrate.existing_setup import ExistingSetup, IngressRule, SkippedItem
from ops.migrate.input_object import InputObject, Option
from settings import is_connector_token

RULE = ("hostname", "path", "service", "originRequest")
OWN = ("ingress", "originRequest", "warp-routing")
"""Keys that are not options of cloudflared's command line too."""


def is_config_file(document: InputObject) -> bool:
    """Whether an object is a config.yml."""
    keys = document.values.keys()
    return (
        "ingress" in keys or "warp-routing" in keys or ("tunnel" in keys and bool(keys & {"url", "credentials-file"}))
    )


def read(file: InputObject, namespace: str = "") -> ExistingSetup:
    """The setup of a config.yml; `namespace` is that of the pods which it is for, empty outside a cluster."""
    setup = ExistingSetup(file.title or str(file.place))
    read_into(setup, file, namespace)
    given_options.apply(options(file), setup, namespace)
    return setup


def read_into(setup: ExistingSetup, file: InputObject, namespace: str = "") -> None:
    """Adds the rules of a config.yml, and what else is not an option. `namespace` is that of the pod which it is for,
    empty outside a cluster."""
    setup.defaults += file.object("originRequest").options()
    setup.rules += [read_rule(rule, setup, namespace) for rule in file.objects("ingress")]
    if "tunnel" in file and not is_connector_token(str(file.get("tunnel"))):
        add_tunnel(file.option("tunnel"), setup)
    if "warp-routing" in file:
        add_warp_routing(file.option("warp-routing"), bool(file.object("warp-routing").values), setup)


def options(file: InputObject) -> Iterator[Option]:
    """The keys that are options of cloudflared."""
    return (file.option(key) for key in file.values if key not in OWN)


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


def add_tunnel(tunnel: Option, setup: ExistingSetup) -> None:
    """Notes that the stack has another tunnel than this locally managed one."""
    reason = "its rules are in this file, and a locally configured tunnel cannot be changed to a remote one"
    remedy = (
        "let the stack create its own. Move each record to it with adopt, whose id `pulumi preview` prints, "
        "and delete this tunnel once its connector is stopped"
    )
    setup.skipped.append(SkippedItem(f"tunnel {tunnel.value}", reason, remedy, tunnel.place))


def add_warp_routing(warp: Option, enabled: bool, setup: ExistingSetup) -> None:
    """Notes the private networks, which no file of cloudflared's contains."""
    if isinstance(warp.value, dict) and warp.value.get("enabled") is False:
        return
    if enabled:
        remedy = (
            "list them under `culvert:privateNetworks` (`cloudflared tunnel route ip list`), and first "
            "delete the routes of this tunnel"
        )
        reason = "the private networks that it routes are not in this file"
        setup.skipped.append(SkippedItem("warp-routing", reason, remedy, warp.place))
