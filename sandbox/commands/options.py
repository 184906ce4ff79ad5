"""The options that several commands share."""

from typing import Annotated

import typer

Policy = Annotated[
    bool, typer.Option("--policy", help="Run the policy pack over the stack, configured by policy/<stack>.json.")
]
Json = Annotated[
    bool, typer.Option("--json", help="Print one JSON value on standard output, everything else on standard error.")
]
