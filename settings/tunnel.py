"""The tunnel itself, apart from where it leads."""

from typing import Annotated

from pydantic import AfterValidator, StrictBool

from settings import names, sources
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
    adopt: Annotated[str, AfterValidator(names.tunnel_id)] | None = setting(
        "Id of a tunnel that this stack did not make: it is taken over, with its rules, and then belongs to the stack. Of no "
        "meaning once that is done. Left out, the stack makes one.",
        names.TUNNEL_ID,
        sources.CLOUDFLARE_TUNNEL_IDS,
        examples=["c1744f8b-faa1-48a4-9e5c-02ac921467fa"],
        default=None,
    )
