"""The options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

Policy = Annotated[
    bool, typer.Option("--policy", help="Run the policy pack over the stack, configured by policy/<stack>.json.")
]
Json = Annotated[
    bool, typer.Option("--json", help="Print one JSON value on standard output, everything else on standard error.")
]
Manifests = Annotated[
    Path | None,
    typer.Option(
        "--manifests",
        metavar="DIR",
        help="Manifests of the Services and EndpointSlices that the cluster has. Default: Services are made up.",
        exists=True,
        file_okay=False,
    ),
]
