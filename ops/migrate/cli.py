"""The command line of `python -m ops migrate`."""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from ops.migrate import config_file, operator, stack_file
from ops.migrate.conversion import Found, Left, fitted
from ops.migrate.errors import MigrateError
from settings import SettingsError

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)


@app.command()
def migrate(
    files: Annotated[
        list[str],
        typer.Argument(metavar="FILE...", help="config.yml, or the operator's resources; - is standard input."),
    ],
    to: Annotated[
        Path | None, typer.Option("--to", metavar="FILE", help="Pulumi.<stack>.yaml; without it, standard output.")
    ] = None,
    account_id: Annotated[str | None, typer.Option(metavar="ID", help="The Cloudflare account.")] = None,
    zone: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME[=ID]", help="A zone that the hostnames are in; several if need be."),
    ] = None,
    tunnel: Annotated[str | None, typer.Option(metavar="NAME", help="Which Tunnel, where there are several.")] = None,
    localhost: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Address of the machine that config.yml calls localhost.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file that is there.")] = False,
) -> None:
    """Writes the stack file for a locally managed cloudflared, or for a tunnel of adyanth/cloudflare-operator.

    What does not fit is told on standard error: what it is, why, and what to do.
    """
    documents = [document for file in files for document in _documents(file)]
    found = _read(documents, tunnel, localhost)
    found.account_id = account_id or found.account_id
    found.zones |= dict(_zone(each) for each in zone or [])
    if not found.account_id:
        raise MigrateError("the account stands in none of the files: give it with --account-id")
    if not found.routes:
        _tell(found.left)
        raise MigrateError("there is no route to carry over")
    if not found.zones:
        found.zones = {".".join(each.route["hostname"].split(".")[-2:]): None for each in found.routes}
        why = f"no file names the zones, so {', '.join(found.zones)} is a guess, of the hostnames' last two labels"
        found.left.append(Left("zones", why, "correct it, or give --zone NAME=ID"))
    values, refused = fitted(found)
    if to:
        stack_file.write(values, to, force)
    else:
        print(stack_file.text(values), end="")
    _tell([*found.left, *refused])
    say(f"Routes in {to or 'the stack file'}: {len(values['routes'])}.")


def say(text: str) -> None:
    print(text, file=sys.stderr)


def _tell(left: list[Left]) -> None:
    if left:
        say("Not carried over as it was:")
    for each in left:
        say(f"- {each}")


def _documents(file: str) -> Iterator[Mapping[str, Any]]:
    """The YAML documents of a file; a List is what is in it."""
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
        documents = list(yaml.safe_load_all(text))
    except OSError as error:
        raise MigrateError(f"{file}: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise MigrateError(f"{file} is no YAML: {' '.join(str(error).split())}") from None
    for document in documents:
        if isinstance(document, Mapping):
            yield from document["items"] if document.get("kind") == "List" else [document]
        elif document is not None:
            raise MigrateError(f"{file}: a document in it is no object")


def _read(documents: list[Mapping[str, Any]], tunnel: str | None, localhost: str | None) -> Found:
    if any(str(each.get("apiVersion", "")).startswith(operator.GROUP) for each in documents):
        return operator.read(documents, tunnel)
    if len(documents) == 1 and "ingress" in documents[0]:
        return config_file.read(documents[0], localhost)
    raise MigrateError(
        "this is neither one config.yml of cloudflared, with ingress rules, nor resources of networking.cfargotunnel.com"
    )


def _zone(text: str) -> tuple[str, str | None]:
    name, _, identity = text.partition("=")
    return name, identity or None


def run() -> None:
    """Runs the command line; whatever goes wrong is one answer, and exit status 1."""
    try:
        sys.exit(app(standalone_mode=False) or 0)
    except (MigrateError, SettingsError) as error:
        say(str(error))
    except typer.TyperException as error:
        say(f"{error.format_message()} (python -m ops migrate --help lists what there is)")
    sys.exit(1)
