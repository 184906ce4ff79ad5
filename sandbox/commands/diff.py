"""The command that compares two checkouts: diff."""

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from sandbox.commands.options import Json
from sandbox.commands.output import print_progress, print_result


def diff(
    base: Annotated[Path, typer.Option("--base", metavar="DIR", help="A checkout to compare with.")],
    stack: Annotated[
        list[str] | None, typer.Option("--stack", metavar="NAME", help="A stack; may be repeated. Default: all.")
    ] = None,
    output_format: Annotated[
        Literal["text", "markdown", "json"], typer.Option("--format", help="The format of the result.")
    ] = "text",
    as_json: Json = False,
) -> None:
    """Show what a change does to each stack: from the base, brought up in a sandbox of its own, to this checkout."""
    from clients import lazy_sdk

    # The engine imports the components of the program, which takes a second with the whole SDKs.
    lazy_sdk.install()
    from sandbox.diff import formats
    from sandbox.diff.comparison import compare

    stacks = compare(base, stack or [], print_progress)
    as_json = as_json or output_format == "json"
    render = formats.markdown if output_format == "markdown" else formats.text
    print_result(formats.as_json(stacks), as_json, lambda: print(render(stacks), end=""))
    if any(compared.errors for compared in stacks):
        sys.exit(1)
