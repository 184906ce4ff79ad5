"""The command `migrate`: reads the files, writes the stack file, and lists what could not be migrated."""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from ops.errors import OperatorError
from ops.migrate import config_file, operator, stack_file
from ops.migrate.conversion import ExistingSetup, SkippedItem, convert


def migrate(
    files: list[str],
    to: Path | None,
    account_id: str | None,
    zones: list[str],
    tunnel: str | None,
    localhost: str | None,
    force: bool,
) -> None:
    """Runs the command. Raises OperatorError or SettingsError if no stack file can be written."""
    documents = [document for file in files for document in _documents(file)]
    setup = _read(documents, tunnel, localhost)
    setup.account_id = account_id or setup.account_id
    setup.zones |= dict(_parse_zone(text) for text in zones)
    if not setup.account_id:
        raise OperatorError("the files do not contain the account: set it with --account-id")
    if not setup.routes:
        _report(setup.skipped)
        raise OperatorError("there are no routes to migrate")
    if not setup.zones:
        setup.zones = {".".join(candidate.route["hostname"].split(".")[-2:]): None for candidate in setup.routes}
        reason = f"the files do not contain zones, so {', '.join(setup.zones)} is guessed from the hostnames"
        setup.skipped.append(SkippedItem("zones", reason, "correct it, or set it with --zone NAME=ID"))
    values, skipped = convert(setup)
    if to:
        stack_file.write(values, to, force)
    else:
        print(stack_file.render(values), end="")
    _report([*setup.skipped, *skipped])
    _say(f"Routes in {to or 'the stack file'}: {len(values['routes'])}.")


def _say(text: str) -> None:
    print(text, file=sys.stderr)


def _report(skipped: list[SkippedItem]) -> None:
    if skipped:
        _say("Not migrated as is:")
    for item in skipped:
        _say(f"- {item}")


def _documents(file: str) -> Iterator[Mapping[str, Any]]:
    """The YAML documents of a file; of a List, its items."""
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
        documents = list(yaml.safe_load_all(text))
    except OSError as error:
        raise OperatorError(f"{file}: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise OperatorError(f"{file} is not YAML: {' '.join(str(error).split())}") from None
    for document in documents:
        if isinstance(document, Mapping):
            yield from document["items"] if document.get("kind") == "List" else [document]
        elif document is not None:
            raise OperatorError(f"{file}: a document in it is not an object")


def _read(documents: list[Mapping[str, Any]], tunnel: str | None, localhost: str | None) -> ExistingSetup:
    if any(str(document.get("apiVersion", "")).startswith(operator.GROUP) for document in documents):
        return operator.read(documents, tunnel)
    if len(documents) == 1 and "ingress" in documents[0]:
        return config_file.read(documents[0], localhost)
    raise OperatorError(
        "the input must be one config.yml of cloudflared with ingress rules, or "
        "resources of networking.cfargotunnel.com"
    )


def _parse_zone(text: str) -> tuple[str, str | None]:
    name, _, zone_id = text.partition("=")
    return name, zone_id or None
