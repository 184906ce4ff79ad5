"""The command line of `python -m sandbox`.

With `--json`, a command prints one JSON value on standard output and everything else on standard error. A failure
prints `{"errors": [{"key", "value", "accepted", "source", "message"}]}` and exits with status 1.
"""

import json
import signal
import sys

import typer

from clients.terminal import line_on, make_printable
from sandbox.commands import diff, lifecycle, stack, status
from sandbox.commands.output import print_progress
from sandbox.errors import SandboxError, disk_note, error_entry, from_os_error
from settings import SettingsError
from settings.plain_text import screen

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="culvert on this machine alone: the real engine, a real Kubernetes API server, an emulated Cloudflare API.",
)
for command in (
    stack.check,
    stack.preview,
    stack.up,
    stack.refresh,
    stack.destroy,
    stack.outputs,
    stack.export,
    lifecycle.calls,
    diff.diff,
    status.status,
    lifecycle.env,
    lifecycle.down,
):
    app.command()(command)


def run() -> None:
    """Runs the command line. Every failure ends in a readable message and exit status 1, an interruption in 130."""
    from sandbox.directory import SandboxDirectory
    from sandbox.engine.diagnostics import RunFailed, from_settings, lines

    make_printable()
    # A terminated command cleans up like an interrupted one. Not by raising SIGINT, which a shell script lets the
    # commands that it starts in the background ignore.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        # The command's exit status, if it did not return normally; 130 after Ctrl-C.
        exit_status = app(standalone_mode=False)
        if exit_status == 130:
            print_progress("interrupted; run the same command again to continue")
        sys.exit(exit_status or 0)
    except SettingsError as error:
        errors = from_settings(error)
    except SandboxError as error:
        errors = [error.entry(), *disk_note(SandboxDirectory().path)]
    except RunFailed as error:
        errors = [*error.errors, *disk_note(SandboxDirectory().path)]
    except OSError as error:
        errors = [from_os_error(error)]
    except typer.TyperException as error:
        accepted = "a command of python -m sandbox --help"
        errors = [error_entry(error.format_message(), key="command line", accepted=accepted)]
    except Exception as error:
        errors = [error_entry(line_on(error))]
    if "--json" in sys.argv[1:]:
        print(json.dumps({"errors": errors}))
    print_progress(screen(lines(errors)))
    sys.exit(1)
