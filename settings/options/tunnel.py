"""The tunnel at Cloudflare."""

from pydantic import StrictBool

from settings import references
from settings.schema import Options
from settings.types.cloudflare import TunnelId

TUNNEL_DOMAIN = "cfargotunnel.com"
"""A tunnel's hostnames are CNAME records to `<tunnel id>.cfargotunnel.com`."""


class TunnelOptions(Options):
    """The tunnel at Cloudflare."""

    SOURCE = references.PULUMI_PROTECT

    protect: StrictBool = False
    """Whether the engine refuses to delete the tunnel, and with it every hostname. To delete it, set this to false and
    run `pulumi up` first."""
    adopt: TunnelId | None = None
    """Id of an existing tunnel that the stack adopts, with its rules: it then belongs to the stack, and the key has no
    further effect. Omitted, the stack creates a tunnel."""
