"""`python -m scripts.benchmark scale | load | ssh`: each prints a Markdown table under the command that produced it."""

from collections.abc import Iterable, Iterator
from typing import Annotated, Literal

import typer

from scripts.benchmark.load import Load
from scripts.benchmark.table import print_header, print_row
from scripts.benchmark.tools import Sandbox

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)


@app.command()
def scale(
    hostnames: Annotated[str, typer.Option(help="Numbers of hostnames, comma-separated.")] = "1,10,100,500,1000",
    state: Annotated[
        Literal["every step", "the end"], typer.Option(help="When the engine writes its state.")
    ] = "every step",
    limited: Annotated[bool, typer.Option(help="Enforce 1,200 API calls per five minutes.")] = False,
    runs: Annotated[int, typer.Option(help="Number of runs, of which the median counts.", min=1)] = 1,
    delay: Annotated[float, typer.Option(help="Latency of each API call, in seconds.")] = 0.0,
    tool: Annotated[
        str,
        typer.Option(
            help="Tools to measure, comma-separated: `sandbox` (its own commands), `pulumi`, `empty` (a Pulumi program"
            " without resources), `bare` (the same resources in a Pulumi program without culvert), `typed` (`bare` with"
            " the providers' SDKs), `terraform`, or `terraform-records` (without a connector). Several take turns.",
        ),
    ] = "sandbox",
    records: Annotated[
        str, typer.Option(help="A record per hostname (`own`), or paths of one `wildcard`, comma-separated.")
    ] = "own,wildcard",
) -> None:
    """Time, API calls and memory by the number of hostnames, in a sandbox.

    Ratios to `empty`, `bare`, `typed` and `terraform` are of the seconds, with those of the processor time in brackets.
    """
    from scripts.benchmark import scale as benchmark

    counts = [int(count) for count in hostnames.split(",")]
    tools, modes = _choices("--tool", tool, benchmark.TOOLS), _choices("--records", records, Sandbox.records)
    references = [name for name in benchmark.REFERENCES if name in tools]
    compared = [f"/ {name}" for name in references]
    columns = ("seconds", "work", "reads", "writes", "program MiB", "engine MiB")
    print_header("tool", "hostnames", "records", "step", *compared, *columns)
    for row in benchmark.rows(tools, modes, counts, benchmark.Conditions(state, delay, limited, runs)):
        measurement = row.measurement
        print_row(
            row.tool,
            row.hostnames,
            row.records,
            row.step,
            *(_ratio(row.ratios.get(name)) for name in references),
            f"{measurement.seconds:.1f}",
            f"{measurement.work:.1f}",
            measurement.reads,
            measurement.writes,
            measurement.program,
            measurement.engine,
        )


@app.command()
def load(
    protocol: Annotated[
        Literal["http2", "quic"], typer.Option(help="The connectors' transport; QUIC is slower in the sandbox's edge.")
    ] = "http2",
) -> None:
    """Requests lost during changes and failures, with real connectors in a sandbox.

    Pods roll, the secret rotates, a rule changes, a connector is killed and an edge address fails; then pods roll with
    a slower edge, with and without minReadySeconds, and with rules that arrive late. The sandbox's edge is delayed, by
    default as Cloudflare's is; CULVERT_SANDBOX_EDGE_USE_DELAY, _FORGET_DELAY and _RULES_DELAY set other delays.
    """
    from scripts.benchmark import tunnel

    delays = tunnel.delays()
    print(
        f"The edge uses a new connection after {delays.use:g} s, forgets one that is gone after {delays.forget:g} s, "
        f"and sends rules after {delays.rules:g} s.\n"
    )
    _print_losses(tunnel.rows(protocol, delays))


@app.command()
def ssh() -> None:
    """Requests lost by `ssh -R` under autossh, on loopback."""
    from scripts.benchmark import ssh as benchmark

    _print_losses(benchmark.rows())


def _ratio(ratio: tuple[float, float] | None) -> str:
    return f"{ratio[0]:.2f} ({ratio[1]:.2f})" if ratio else ""


def _choices(option: str, value: str, accepted: Iterable[str]) -> list[str]:
    choices = value.split(",")
    for choice in choices:
        if choice not in accepted:
            raise typer.BadParameter(f"{choice!r} must be one of {', '.join(accepted)}", param_hint=option)
    return choices


def _print_losses(rows: Iterator[tuple[str, Load]]) -> None:
    print_header("while", "requests", "failed", "longest gap")
    for event, result in rows:
        print_row(event, result.requests, result.failures, f"{result.longest_gap:.2f} s")


if __name__ == "__main__":
    app()
