"""Cloudflare's API with the address and the token of the stack's provider, for calls that no resource makes."""

import os
from typing import TYPE_CHECKING

import pulumi

if TYPE_CHECKING:
    from clients.cloudflare import CloudflareApi

_RETRIES = 3


def provider_api() -> "CloudflareApi":
    """A client with `cloudflare:apiToken` and `cloudflare:baseUrl`, or else the environment's, as the provider has."""
    # Imported here, since only a run that deletes something makes a call.
    from clients.cloudflare import CloudflareApi

    config = pulumi.Config("cloudflare")
    configured = {"CLOUDFLARE_API_TOKEN": config.get("apiToken"), "CLOUDFLARE_BASE_URL": config.get("baseUrl")}
    environ = {**os.environ, **{name: value for name, value in configured.items() if value}}
    return CloudflareApi(environ, retries=_RETRIES)
