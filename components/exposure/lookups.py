"""What exists before the first resource is registered: the stack's own records and tunnel, and those of other owners.

Nothing here is provisioned. Only what is new to the stack is looked up. A run that adds no hostname and adopts nothing
makes one read of Cloudflare, which an API token that is no longer valid fails.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import pulumi
import pulumi_cloudflare as cloudflare

from components.zone_lookup import look_up_zone_id
from settings import Existing, ExistingRecord, ExistingTunnel, Settings

BLOCKING = {"A", "AAAA", "CNAME", "NS"}
"""Types of record that conflict with a CNAME of the same name; others (TXT, MX …) may be beside a proxied one."""
MAX_ITEMS = 1_000_000
"""Records read of a zone: the default of 1,000 could cut off the record we look for."""
GONE = (
    "The account has no tunnel {name} any more ({id}): it was deleted or renamed outside Pulumi. The provider takes a "
    "deleted tunnel for an existing one. If it was deleted: `pulumi up --replace '**{name}-tunnel'` creates a new one."
)
"""Warning where the stack's own tunnel is not in the account."""
REFUSED = re.compile(r'": (40[0134])\b')
"""In an error of the provider: the status of a reply that repeating the call does not change."""
NO_ZONE = "failed to find exactly one result"
"""In the provider's error where the account has no zone of a name, or none that the token may read."""
UNAUTHENTICATED = ("400", "401")
"""Statuses of a token that is not valid, anywhere in the API."""


def outputs_of_last_run(name: str) -> Mapping[str, Any]:
    """The outputs of the stack's last complete run, if they are those of the exposure `name`; else everything is
    new."""
    stack = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    try:
        # As a StackReference does, without a resource in every preview.
        answer = pulumi.runtime.invoke("pulumi:pulumi:readStackOutputs", {"name": stack}).value
    except Exception as error:
        pulumi.log.debug(f"the stack's own outputs cannot be read: {error}")
        return {}
    outputs = (answer or {}).get("outputs") or {}
    # A program may have several exposures, and outputs of its own under these names.
    return outputs if outputs.get("tunnelName") == name else {}


def existing(name: str, settings: Settings, outputs: Mapping[str, Any], options: pulumi.InvokeOptions) -> Existing:
    """What exists for the hostnames of the settings and the tunnel to adopt; `name` is the exposure's, and `outputs`
    are those of the last run.

    Reads of Cloudflare: one of the account in every run, which shows that the API token still works and that the
    stack's tunnel is still there. None for hostnames that the stack has; one for a new one, or, where a zone has
    several, one for each hundred of the zone's records and one more; two for a zone without an id that has a new
    hostname; one for the tunnel.

    What the API refuses, and every run would be refused, is in the result. A zone that cannot be listed for another
    reason is a warning: the API refuses a second record later on, it overwrites none.
    """
    tunnel_id, record_ids = outputs.get("tunnelId"), outputs.get("records") or {}
    refused: dict[str | None, str] = {}
    try:
        listed: Any = cloudflare.get_zero_trust_tunnel_cloudflareds(
            account_id=settings.account_id, name=name, is_deleted=False, max_items=1, opts=options
        ).results
        if tunnel_id and not listed:
            pulumi.log.warn(GONE.format(name=name, id=tunnel_id))
    except Exception as error:  # the SDK raises nothing narrower
        status, reason = _refusal(error)
        # Without an answer, the update's own calls will say more.
        if status:
            refused[None] = reason
        if status in UNAUTHENTICATED:
            # Every other read would be refused for the same reason.
            return Existing(refused=refused)
    new: dict[str, list[str]] = {}
    for hostname, zone in settings.hostnames().items():
        if hostname not in record_ids:
            new.setdefault(zone, []).append(hostname)
    records: dict[str, tuple[ExistingRecord, ...]] = {}
    zone_ids: dict[str, str] = {}
    for zone, hostnames in new.items():
        try:
            zone_ids[zone] = settings.zones.get(zone) or look_up_zone_id(zone, settings.account_id, options)
            records |= _records(zone_ids[zone], hostnames, options)
        except Exception as error:  # the SDK raises nothing narrower
            status, reason = _refusal(error)
            if status:
                refused[zone] = reason
                continue
            pulumi.log.warn(
                f"The records of {zone} cannot be listed. A record of another owner for {', '.join(hostnames)} is "
                f"found only when this stack's is created: {reason}"
            )
    adopt = settings.tunnel.adopt
    tunnel = _tunnel(settings.account_id, adopt, options) if adopt and not tunnel_id else None
    return Existing(tunnel_id, record_ids, tunnel, records, zone_ids, refused)


def invoke_options(opts: pulumi.ResourceOptions | None) -> pulumi.InvokeOptions:
    """Options of the look-ups for a component with the options `opts`, before it is registered and can be their
    parent."""
    if opts is None:
        return pulumi.InvokeOptions()
    providers = opts.providers or {}
    given = [*(providers.values() if isinstance(providers, Mapping) else providers), opts.provider]
    provider = next((each for each in given if each and each.package == "cloudflare"), None)
    return pulumi.InvokeOptions(parent=None if provider else opts.parent, provider=provider)


def _records(
    zone_id: str, hostnames: Iterable[str], options: pulumi.InvokeOptions
) -> dict[str, tuple[ExistingRecord, ...]]:
    """The records that conflict with a CNAME, by hostname."""
    hostnames = list(hostnames)
    one: Any = {"name": {"exact": hostnames[0]}} if len(hostnames) == 1 else {}
    found: dict[str, list[ExistingRecord]] = {hostname: [] for hostname in hostnames}
    results: Any = cloudflare.get_dns_records(zone_id=zone_id, max_items=MAX_ITEMS, opts=options, **one).results
    for record in results:
        if record.name in found and record.type in BLOCKING:
            blocking = ExistingRecord(record.id, record.type, record.content, record.created_on, record.comment or "")
            found[record.name].append(blocking)
    return {hostname: tuple(blocking) for hostname, blocking in found.items()}


def _tunnel(account_id: str, tunnel_id: str, options: pulumi.InvokeOptions) -> ExistingTunnel | str:
    try:
        found = cloudflare.get_zero_trust_tunnel_cloudflared(account_id=account_id, tunnel_id=tunnel_id, opts=options)
    except Exception as error:
        return _reason(error)
    return ExistingTunnel(found.name, found.config_src, found.deleted_at or "")


def _refusal(error: Exception) -> tuple[str, str]:
    """The status of a refusal that lasts, empty for other errors, and the reason: the API's codes and messages."""
    text = _reason(error)
    if NO_ZONE in text:
        return "404", "the account has no zone of that name that the API token may read"
    status = REFUSED.search(text)
    if not status:
        return "", text
    errors = re.findall(r'"code": ?(\d+), ?"message": ?"([^"]*)"', text)
    # The code 0 is of a note that only an emulator adds.
    codes = "; ".join(f"{code} {message}".removeprefix("0 ") for code, message in errors)
    return status[1], f"the API answers {status[1]}, {codes}" if codes else text


def _reason(error: Exception) -> str:
    return " ".join(str(error).split())
