"""The tunnel itself, apart from where it leads."""

from pydantic import StrictBool

from settings import sources
from settings.fields import Options, setting


class TunnelOptions(Options):
    """The tunnel at Cloudflare."""

    protect: StrictBool = setting(
        "Whether the engine refuses to delete the tunnel, and so every hostname with it. To delete it on purpose, set it "
        "to false and bring the stack up first.",
        "true or false",
        sources.PULUMI_PROTECT,
        examples=[True],
        default=False,
    )
