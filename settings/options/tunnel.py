"""The tunnel itself, apart from where it leads."""

from typing import Annotated

from pydantic import AfterValidator, StrictBool

from settings import references, types
from settings.schema import Options, setting


class TunnelOptions(Options):
    """The tunnel at Cloudflare."""

    protect: StrictBool = setting(
        "Whether the engine refuses to delete the tunnel, and so every hostname with it. To delete it on purpose, set it "
        "to false and bring the stack up first.",
        "true or false",
        references.PULUMI_PROTECT,
        examples=[True],
        default=False,
    )
    adopt: Annotated[str, AfterValidator(types.tunnel_id)] | None = setting(
        "Id of a tunnel that this stack did not make: it is taken over, with its rules, and then belongs to the stack. Of no "
        "meaning once that is done. Left out, the stack makes one.",
        types.TUNNEL_ID,
        references.CLOUDFLARE_TUNNEL_IDS,
        examples=["c1744f8b-faa1-48a4-9e5c-02ac921467fa"],
        default=None,
    )
