"""The options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

Stack = Annotated[
    str | None,
    typer.Option("--stack", metavar="NAME", help="The stack. Default: the one in the name of --config, else dev."),
]
Config = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="The stack file. Default: Pulumi.<stack>.yaml of the project."),
]
Policy = Annotated[
    bool, typer.Option("--policy", help="Run the policy pack over the stack, configured by policy/<stack>.json.")
]
Json = Annotated[
    bool, typer.Option("--json", help="Print one JSON value on standard output, everything else on standard error.")
]
