"""`python -m scripts.benchmark scale` and `python -m scripts.benchmark load`: each prints a Markdown table, with the command that made it."""

from collections.abc import Iterable, Iterator
from typing import Annotated, Literal

import typer

from scripts.benchmark.load import Load
from scripts.benchmark.table import print_row, print_start
from scripts.benchmark.tools import Sandbox

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)


@app.command()
def scale(
    hostnames: Annotated[str, typer.Option(help="How many, with commas between.")] = "1,10,100,500,1000",
    state: Annotated[
        Literal["every step", "the end"], typer.Option(help="When the engine writes its state.")
    ] = "every step",
    limited: Annotated[bool, typer.Option(help="Enforce 1,200 API calls in five minutes.")] = False,
    runs: Annotated[int, typer.Option(help="Of so many, the one in the middle.", min=1)] = 1,
    delay: Annotated[float, typer.Option(help="Seconds that the API thinks about each call.")] = 0.0,
    tool: Annotated[
        str,
        typer.Option(
            help="Who is measured, with commas between: a command of the `sandbox`, `pulumi` itself, `terraform`, or"
            " `terraform-records`, without a connector. Several take turns.",
        ),
    ] = "sandbox",
    records: Annotated[
        str, typer.Option(help="A record for each hostname (`own`), or paths of one `wildcard`.")
    ] = "own,wildcard",
) -> None:
    """Time, API calls and memory by the number of hostnames, in a sandbox."""
    from scripts.benchmark import scale as measure

    counts = [int(count) for count in hostnames.split(",")]
    tools, ways = _chosen("--tool", tool, measure.TOOLS), _chosen("--records", records, Sandbox.records)
    print_start(
        "tool", "hostnames", "records", "step", "seconds", "work", "reads", "writes", "program MiB", "engine MiB"
    )
    for row in measure.rows(tools, ways, counts, measure.Conditions(state, delay, limited, runs)):
        took = row.measured
        print_row(
            row.tool,
            row.hostnames,
            row.records,
            row.step,
            f"{took.seconds:.1f}",
            f"{took.work:.1f}",
            took.reads,
            took.writes,
            took.program,
            took.engine,
        )


@app.command()
def load(
    protocol: Annotated[
        Literal["http2", "quic"], typer.Option(help="How the connectors speak to the edge, whose QUIC is slower.")
    ] = "http2",
) -> None:
    """Requests lost while pods roll, the secret rotates, a rule changes, a connector is killed and an edge address goes away: real connectors, sandbox."""
    from scripts.benchmark import tunnel

    _lost(tunnel.rows(protocol))


@app.command()
def ssh() -> None:
    """The same for `ssh -R` under autossh, on loopback."""
    from scripts.benchmark import ssh as measure

    _lost(measure.rows())


def _chosen(option: str, given: str, accepted: Iterable[str]) -> list[str]:
    for each in given.split(","):
        if each not in accepted:
            raise typer.BadParameter(f"{each!r} is none of {', '.join(accepted)}", param_hint=option)
    return given.split(",")


def _lost(rows: Iterator[tuple[str, Load]]) -> None:
    print_start("while", "requests", "failed", "longest gap")
    for event, met in rows:
        print_row(event, met.requests, met.failures, f"{met.longest_gap:.2f} s")


if __name__ == "__main__":
    app()
