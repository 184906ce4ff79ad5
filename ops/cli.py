"""The command line `python -m ops`. Each command's modules are imported when it runs."""

import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from clients.terminal import line_on, make_printable
from ops.options import Config, Stack

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Commands for operators. They need the access of `pulumi up`; migrate needs none to read files.",
)

Json = Annotated[bool, typer.Option("--json", help="Print JSON on standard output, one value per line.")]


@app.command()
def preflight(stack: Stack = None, config: Config = None, as_json: Json = False) -> int:
    """Check what `pulumi up` needs before it is run: API token, account, zones, cluster, rights, kinds and Services.

    Exit status: 0 if all checks passed, 1 if a check failed, 2 if none failed but one could not run.
    """
    from ops.preflight import command

    return command.preflight(stack, config, json_output=as_json)


@app.command()
def verify(
    stack: Stack = None,
    config: Config = None,
    as_json: Json = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Repeat until interrupted; only the first run starts a container.")
    ] = False,
    interval: Annotated[float, typer.Option(min=1, metavar="SECONDS", help="Pause between runs with --watch.")] = 10,
    print_only: Annotated[
        bool, typer.Option("--print-only", help="Print the commands that probe from inside a pod; check nothing.")
    ] = False,
    image: Annotated[
        str | None,
        typer.Option(help="For the container in a pod: any with sh, nc and nslookup; busybox:1.37.0 by default."),
    ] = None,
    lan: Annotated[
        list[str] | None,
        typer.Option(metavar="HOST:PORT", help="An address that the connector must not reach. May be repeated."),
    ] = None,
    inside: Annotated[bool, typer.Option(help="Start a container in a connector's pod to probe from there.")] = True,
    offline: Annotated[bool, typer.Option("--offline", help="Send no requests to the public hostnames.")] = False,
) -> int:
    """Verify a deployed stack against Cloudflare's API, the cluster, a connector's pod and the public hostnames.

    Exit status: 0 if all checks passed, 1 if a check failed, 2 if none failed but one could not run.
    """
    from ops.verify import command

    return command.verify(
        stack,
        config,
        json_output=as_json,
        interval=interval if watch else None,
        print_only=print_only,
        image=image,
        lan=lan or [],
        probe_pod=inside,
        offline=offline,
    )


@app.command()
def recover(
    stack: Stack = None,
    config: Config = None,
    as_json: Json = False,
    adopting: Annotated[
        bool, typer.Option("--adopt", help="Add to the state what the program would create; nothing else changes.")
    ] = False,
    removing: Annotated[bool, typer.Option("--remove", help="Delete all of it.")] = False,
    shared_namespace: Annotated[
        bool,
        typer.Option(
            "--delete-shared-namespace",
            help="With --remove: also delete a namespace that has objects of others, and these with it.",
        ),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
) -> int:
    """Find resources that an interrupted update left behind, by the stack's name. Without an option, only list them.

    Exit status: 0 if nothing is left over, 1 if something is, 2 if that could not be determined.
    """
    from ops.recover import command

    return command.recover(stack, config, command.Options(adopting, removing, shared_namespace, yes, as_json))


@app.command(no_args_is_help=True)
def migrate(
    files: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="FILE...",
            help="A config.yml, Kubernetes objects, chart values or the API's answer; a directory; - is stdin.",
        ),
    ] = None,
    to: Annotated[
        Path | None, typer.Option("--to", metavar="FILE", help="The stack file to write; by default standard output.")
    ] = None,
    account_id: Annotated[str | None, typer.Option(metavar="ID", help="The Cloudflare account.")] = None,
    zone: Annotated[
        list[str] | None, typer.Option(metavar="NAME[=ID]", help="A zone of the hostnames. May be repeated.")
    ] = None,
    tunnel: Annotated[
        str | None, typer.Option(metavar="NAME", help="The tunnel, if there are several; of an account, also its id.")
    ] = None,
    merge: Annotated[bool, typer.Option("--merge", help="Make one stack of all tunnels.")] = False,
    namespace: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The namespace of objects that name none, and of a chart's release."),
    ] = None,
    cluster: Annotated[
        bool, typer.Option("--cluster", help="Read the objects from the cluster; with --namespace, from one namespace.")
    ] = False,
    context: Annotated[
        str | None, typer.Option(metavar="NAME", help="The kubeconfig's context for --cluster; the current by default.")
    ] = None,
    localhost: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Address of the machine that config.yml calls localhost.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option("--report", metavar="FILE", help="Write what cannot be migrated to a file.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with status 1 unless every route is converted.")
    ] = False,
    from_account: Annotated[
        str | None,
        typer.Option(metavar="ACCOUNT", help="Read the rules of --tunnel from Cloudflare, with CLOUDFLARE_API_TOKEN."),
    ] = None,
) -> int:
    """Write a stack file for a tunnel that exists, from cloudflared's files, Kubernetes objects or chart values.

    What cannot be migrated is listed on standard error, with the reason and what to do. Exit status: 1 if nothing is
    written, or with --strict if not every route is converted.
    """
    from ops.migrate import command

    return command.migrate(
        files or [],
        to,
        account_id,
        zone or [],
        tunnel,
        localhost,
        force,
        report,
        namespace,
        merge,
        strict=strict,
        from_account=from_account,
        cluster=cluster or context is not None,
        context=context,
    )


def run() -> None:
    """Runs the command line. Every error becomes one line and exit status 2, or 1 for migrate."""
    make_printable()
    os.environ.setdefault("PULUMI_SKIP_UPDATE_CHECK", "true")
    arguments = sys.argv[1:]
    try:
        sys.exit(app(prog_name="python -m ops", standalone_mode=False) or 0)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        message = _explain(error, arguments)
    status = 1 if arguments[:1] == ["migrate"] else 2
    if "--json" in arguments and message:
        print(json.dumps({"status": status, "errors": [{"message": message}]}))
    if message:
        from settings.plain_text import screen

        print(screen(message), file=sys.stderr)
    sys.exit(status)


def _explain(error: Exception, arguments: list[str]) -> str:
    """One line on the error; empty if typer has printed the help instead."""
    from clients.errors import CheckUnavailable
    from ops.errors import OperatorError
    from settings import SettingsError

    match error:
        case typer.TyperException():
            commands = {command.callback.__name__ for command in app.registered_commands if command.callback}
            program = " ".join(["python -m ops", *(name for name in arguments[:1] if name in commands)])
            message = error.format_message()
            return message and f"{message} ({program} --help lists the options)"
        case FileNotFoundError():
            return f"{error.filename or error} does not exist: name a stack with --stack, or its file with --config"
        case CheckUnavailable(remedy=remedy) if remedy:
            return f"{error}: {remedy}"
        case CheckUnavailable() | OperatorError() | SettingsError():
            return str(error)
        case OSError(filename=str() as file):
            return f"{file}: {error.strerror}"
    return line_on(error)
