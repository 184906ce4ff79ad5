"""The options that name a stack, here and in `python -m sandbox`."""

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
