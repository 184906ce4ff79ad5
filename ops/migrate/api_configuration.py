"""The answer of Cloudflare's API to `GET /accounts/{account}/cfd_tunnel/{tunnel}/configurations`.

https://developers.cloudflare.com/api/resources/zero_trust/subresources/tunnels/subresources/cloudflared/subresources/configurations/
"""

from ops.errors import OperatorError
from ops.migrate.config_file import add_warp_routing, read_rule
from ops.migrate.existing_setup import ExistingSetup, SkippedItem
from ops.migrate.input_object import InputObject, shown

_RESULT = ("config", "tunnel_id", "account_id", "version", "source", "created_at")
_CONFIG = ("ingress", "originRequest", "warp-routing")


def is_api_configuration(document: InputObject) -> bool:
    """Whether a document is such an answer, or its `result`."""
    keys = document.values.keys()
    return ("result" in keys and "success" in keys) or ("config" in keys and bool(keys & {"tunnel_id", "version"}))


def read(answer: InputObject) -> ExistingSetup:
    """The setup of a remotely managed tunnel. A bare name in a service means what it means to its connectors, which the
    answer does not say."""
    if answer.get("success") is False:
        raise OperatorError(f"{answer.place}: the API answered with an error: {shown(answer.get('errors'))}")
    result = answer.object("result") if "result" in answer else answer
    setup = ExistingSetup(str(answer.place), result.text("tunnel_id"))
    setup.from_api = True
    setup.account_id = result.text("account_id") or None
    config = result.object("config")
    setup.defaults += config.object("originRequest").options()
    setup.rules += [read_rule(rule, setup) for rule in _rules(config)]
    if config.object("warp-routing").get("enabled"):
        add_warp_routing(config.option("warp-routing"), True, setup)
    for one, known in ((result, _RESULT), (config, _CONFIG)):
        for key in one.values:
            if key not in known:
                reason, remedy = "it is not a documented key of the answer", "leave it out if it is not needed"
                setup.skipped.append(SkippedItem(key, reason, remedy, one.at(key)))
    return setup


def _rules(config: InputObject) -> list[InputObject]:
    """The rules, without the `id` that Cloudflare gives each."""
    found = config.objects("ingress")
    for rule in found:
        if isinstance(rule.values, dict):
            rule.values.pop("id", None)
    return found
