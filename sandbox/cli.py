"""The commands of `python -m sandbox`.

With `--json`, one JSON value on standard output and everything else on standard error; a failure is
`{"errors": [{"key", "value", "accepted", "source", "message"}]}` and exit status 1.
"""

import json
import shlex
import shutil
import signal
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from sandbox.directory import SandboxDirectory
from sandbox.engine.stack_file import locate, stack_name
from sandbox.errors import SandboxError
from settings import Settings, SettingsError

if TYPE_CHECKING:
    from sandbox.engine.engine import Engine, Report
    from sandbox.services.services import SandboxServices
    from sandbox.tools import Tool

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="culvert on this machine alone: the real engine, a real Kubernetes API server and an emulated Cloudflare API.",
)

Stack = Annotated[
    str | None,
    typer.Option("--stack", metavar="NAME", help="The stack; without it, the one that --config names, else dev."),
]
Config = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="Any stack file; without it, Pulumi.<stack>.yaml of the project."),
]
Policy = Annotated[
    bool, typer.Option("--policy", help="Judge the stack by the policy rules, as policy/<stack>.json has them.")
]
Json = Annotated[bool, typer.Option("--json", help="One JSON value on standard output, all else on standard error.")]


def print_progress(text: str) -> None:
    """Progress, for the person who waits: on standard error, so that standard output stays the result."""
    print(text, file=sys.stderr, flush=True)


@app.command()
def check(stack: Stack = None, config: Config = None, as_json: Json = False) -> None:
    """Reads the settings and reports every mistake in them; starts nothing."""
    name, path, settings = _read(stack, config)
    hostnames = list(settings.hostnames())
    _print(
        {"stack": name, "config": str(path), "hostnames": hostnames},
        as_json,
        lambda: print(f"{path.name}: good. Hostnames: {', '.join(hostnames)}"),
    )


@app.command()
def preview(stack: Stack = None, config: Config = None, policy: Policy = False, as_json: Json = False) -> None:
    """Shows what `up` would do, and changes nothing."""
    _operate(stack, config, as_json, "preview", policy=policy)


@app.command()
def up(stack: Stack = None, config: Config = None, policy: Policy = False, as_json: Json = False) -> None:
    """Makes everything that the stack file declares, and leaves the sandbox running until `down`."""
    _operate(stack, config, as_json, "up", policy=policy)


@app.command()
def refresh(stack: Stack = None, config: Config = None, as_json: Json = False) -> None:
    """Reads every resource again and tells what was changed by hand."""
    _operate(stack, config, as_json, "refresh")


@app.command()
def destroy(
    stack: Stack = None,
    config: Config = None,
    as_json: Json = False,
    run_program: Annotated[
        bool, typer.Option("--run-program", help="Drop the connections of connectors that are not the stack's.")
    ] = False,
) -> None:
    """Deletes everything that the stack made."""
    _operate(stack, config, as_json, "destroy", run_program=run_program)


@app.command()
def outputs(stack: Stack = None, config: Config = None, as_json: Json = False) -> None:
    """Prints the stack's outputs, secret ones masked."""
    _print_outputs(_idle_engine(stack_name(stack, config)).outputs(), as_json)


@app.command()
def export(stack: Stack = None, config: Config = None, as_json: Json = False) -> None:
    """Prints the state as the engine keeps it, secrets encrypted."""
    state = _idle_engine(stack_name(stack, config)).export()
    _print(state, as_json, lambda: print(json.dumps(state, indent=2)))


@app.command()
def calls(
    stack: Stack = None,
    config: Config = None,
    as_json: Json = False,
    mark: Annotated[bool, typer.Option("--mark", help="List, then set the mark: the next list begins here.")] = False,
) -> None:
    """Lists the API calls made since the mark (since the sandbox was first started, where none was set)."""
    del stack, config  # accepted as everywhere; the calls are those of the whole sandbox
    session = _session()
    file = session.home.path / "mark"
    since = int(file.read_text()) if file.exists() else 0
    now, made = session.calls(since)
    if mark:
        file.write_text(str(now))

    def table() -> None:
        for call in made:
            print(f"{call['status']}  {call['method']:6} {call['path']}")
        print(f"{len(made)} calls", file=sys.stderr)

    _print([{key: call[key] for key in ("method", "path", "status")} for call in made], as_json, table)


@app.command()
def diff(
    base: Annotated[Path, typer.Option("--base", metavar="DIR", help="A checkout of what to compare with.")],
    stack: Annotated[
        list[str] | None, typer.Option("--stack", metavar="NAME", help="A stack, or several; without it, all.")
    ] = None,
    form: Annotated[
        Literal["text", "markdown", "json"], typer.Option("--format", help="How the result is printed.")
    ] = "text",
    as_json: Json = False,
) -> None:
    """Shows what a change does to each stack: from where the base stands, in a sandbox of its own, to what is here."""
    from sandbox.diff import text
    from sandbox.diff.diff import compare

    stacks = compare(base, stack or [], print_progress)
    as_json = as_json or form == "json"
    print_as = text.markdown if form == "markdown" else text.text
    _print(text.as_json(stacks), as_json, lambda: print(print_as(stacks), end=""))
    if any(found.errors for found in stacks):
        sys.exit(1)


@app.command()
def status(stack: Stack = None, config: Config = None, as_json: Json = False) -> None:
    """Says which engine, providers and cluster are in use, where each comes from, and which stacks there are."""
    del stack, config  # accepted as everywhere; there is one sandbox for all of them
    from sandbox.services.status import describe, table

    described = describe(_session())
    _print(described, as_json, lambda: print(table(described)))


@app.command()
def env(stack: Stack = None, config: Config = None, as_json: Json = False) -> None:
    """Prints what a full Pulumi installation and `verify` need to work here: eval "$(python -m sandbox env)"."""
    _, _, settings = _read(stack, config)
    session = _session()
    session.start()
    session.seed(settings)
    variables = {
        **session.environment(),
        **session.visitors(),
        "PULUMI_HOME": str(session.home.path / "pulumi"),
    }
    engine = _engine_tool()
    if shutil.which("pulumi") is None:
        import os

        variables["PATH"] = os.pathsep.join([str(engine.path.parent), os.environ.get("PATH", "")])

    def shell() -> None:
        for key, value in variables.items():
            print(f"export {key}={shlex.quote(value)}")

    _print(variables, as_json, shell)


@app.command()
def down(
    stack: Stack = None,
    config: Config = None,
    as_json: Json = False,
    delete: Annotated[bool, typer.Option("--delete", help="Forget everything too: state, API and cluster.")] = False,
) -> None:
    """Stops every process of the sandbox. What it knows is kept for the next `up`, unless --delete is given."""
    del stack, config  # accepted as everywhere; one sandbox serves all of them
    from sandbox.engine.engine import stop_engines

    session = _session()
    stopped = stop_engines(f"file://{session.home.path / 'state'}") + session.stop()
    if delete and session.home.path.exists():
        shutil.rmtree(session.home.path)
    _print(
        {"stopped": stopped, "deleted": delete},
        as_json,
        lambda: print(f"stopped: {', '.join(stopped) or 'nothing was running'}{'; deleted' if delete else ''}"),
    )


def _operate(stack: str | None, config: Path | None, as_json: bool, operation: str, **options: bool) -> None:
    """Runs one operation of the engine on a stack, and prints what it did."""
    name, path, settings = _read(stack, config)
    session = _session()
    try:
        session.start()
        session.seed(settings)
        mark, _ = session.calls()
        tell = print_progress if as_json else print
        report: Report = getattr(_engine(session, name, path), operation)(tell, **options)
        _, made = session.calls(mark)
    except KeyboardInterrupt:
        session.stop_started()
        raise
    reads = sum(call["method"] == "GET" for call in made)
    result = {**report.as_json(), "calls": {"reads": reads, "writes": len(made) - reads}}
    if options.get("policy"):
        result["violations"] = [asdict(violation) for violation in report.violations]

    def closing() -> None:
        print(f"API calls: {reads} reads, {len(made) - reads} writes. The API's page: {session.dashboard()}")
        if operation != "destroy":
            print(f"Visitors come in at {session.frontend()}: curl -H 'Host: HOSTNAME' {session.frontend()}")

    _print(result, as_json, closing)


def _read(stack: str | None, config: Path | None) -> tuple[str, Path, Settings]:
    """The stack's name, its file and the settings in it; every mistake is raised before anything is started."""
    name = stack_name(stack, config)
    path = locate(name, config, SandboxDirectory())
    return name, path, Settings.from_stack_file(path)


def _session() -> "SandboxServices":
    from sandbox.services.services import SandboxServices

    return SandboxServices(SandboxDirectory(), print_progress)


def _engine_tool() -> "Tool":
    from sandbox import tools

    return tools.ensure(["pulumi"], print_progress)["pulumi"]


def _engine(session: "SandboxServices", name: str, config: Path | None) -> "Engine":
    from sandbox.engine.engine import Engine

    return Engine(session.home, name, config, _engine_tool(), session.environment(), print_progress)


def _idle_engine(name: str) -> "Engine":
    """An engine for reading what is kept: it needs the sandbox's folder, but none of its servers."""
    from sandbox.engine.engine import Engine

    session = _session()
    if not (session.home.path / "stacks" / name).exists():
        known = ", ".join(sorted(p.name for p in session.home.path.glob("stacks/*"))) or "none yet"
        raise SandboxError(
            f"there is no stack {name!r} in this sandbox; stacks: {known}. Make it with: python -m sandbox up --stack {name}",
            key="--stack",
            value=name,
            accepted=known,
        )
    return Engine(session.home, name, None, _engine_tool(), session.state_environment(), print_progress)


def _print_outputs(values: dict[str, Any], as_json: bool) -> None:
    def table() -> None:
        for key, value in values.items():
            print(f"{key}: {value if isinstance(value, str) else json.dumps(value)}")

    _print(values, as_json, table)


def _print(result: object, as_json: bool, otherwise: Callable[[], None]) -> None:
    if as_json:
        json.dump(result, sys.stdout)
        print()
    else:
        otherwise()


def run() -> None:
    """Runs the command line, and turns whatever goes wrong into one clear answer and exit status 1 (130 when interrupted)."""
    from sandbox.engine.diagnostics import RunFailed, as_error, from_settings, lines

    # A terminated command cleans up as an interrupted one does.
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        # What a command ended with where it did not just return: 130 stands for Ctrl-C.
        status = app(standalone_mode=False)
        if status == 130:
            print_progress("interrupted")
        sys.exit(status or 0)
    except SettingsError as error:
        errors = from_settings(error)
    except SandboxError as error:
        errors = [
            as_error(error.message, key=error.key, value=error.value, accepted=error.accepted, source=error.source)
        ]
    except RunFailed as error:
        errors = error.errors
    except typer.TyperException as error:
        errors = [as_error(error.format_message(), key="command line", accepted="python -m sandbox --help lists it")]
    if "--json" in sys.argv[1:]:
        json.dump({"errors": errors}, sys.stdout)
        print()
    print_progress(lines(errors))
    sys.exit(1)
