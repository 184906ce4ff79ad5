"""The command line: `python -m ops verify`."""

import json
import sys
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from clients.kubernetes import Cluster
from ops import command
from ops.verify import debug_container, probe_targets
from ops.verify.expected_stack import declared
from ops.verify.report import as_json, shown
from ops.verify.result import Unread, exit_status
from ops.verify.runner import Survey

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def verify(
    stack: Annotated[
        str | None, typer.Option(metavar="NAME", help="The stack; else the one that --config names, else dev.")
    ] = None,
    config: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Any stack file; else Pulumi.<stack>.yaml.")
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="One JSON value, a line for each round with --watch.")] = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Again and again until interrupted; from inside a pod only once.")
    ] = False,
    interval: Annotated[float, typer.Option(min=1, metavar="SECONDS", help="Pause between rounds.")] = 10,
    print_only: Annotated[
        bool, typer.Option("--print-only", help="Print how to look from inside a pod by hand; check nothing.")
    ] = False,
    image: Annotated[
        str, typer.Option(help="For looking from inside: any with sh, nc and nslookup.")
    ] = debug_container.IMAGE,
    lan: Annotated[
        list[str] | None, typer.Option(metavar="HOST:PORT", help="An address that the connector must not reach.")
    ] = None,
    inside: Annotated[
        bool, typer.Option(help="Run a container in a connector's pod for a moment, to try addresses.")
    ] = True,
    offline: Annotated[bool, typer.Option("--offline", help="Leave out what a visitor gets.")] = False,
) -> int:
    """Is it really so? Compares a stack with what the API, the cluster, a connector's pod and a visitor see.

    Ends with 0 where all is well, 1 where a check failed, 2 where something could not be checked.
    """
    survey = Survey(declared(stack, config), image, tuple(lan or ()), inside, offline)
    probe_targets.lan(survey.lan)
    if print_only:
        print(
            debug_container.commands(
                survey.declared, image, [*probe_targets.anywhere(survey.declared, survey.lan), *_found(survey)]
            )
        )
        return 0
    console = Console(width=None if sys.stdout.isatty() else 200)
    while True:
        findings = survey.run()
        if json_:
            print(json.dumps(as_json(survey.declared.stack, findings)), flush=True)
        else:
            if watch:
                console.clear()
            console.print(shown(findings), soft_wrap=not console.is_terminal)
        if not watch:
            return exit_status(findings)
        # Each time would leave another ended container in the pod.
        survey.look_inside = False
        time.sleep(interval)


def _found(survey: Survey) -> list[probe_targets.Target]:
    """What only the cluster can name; without one, the commands do without."""
    try:
        return probe_targets.inside_the_cluster(Cluster(), survey.declared, "")
    except Unread:
        return []


def run() -> None:
    """Runs the command line, to its exit status."""
    command.run(app)
