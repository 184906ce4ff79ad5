"""The command `migrate`: reads the files, writes the stack file, and lists what could not be migrated."""

import shlex
import sys
from pathlib import Path

from clients.kubernetes import KubernetesApi
from ops.errors import OperatorError
from ops.migrate import account, stack_file
from ops.migrate.cluster import read_cluster
from ops.migrate.conversion import convert
from ops.migrate.existing_setup import SkippedItem, merged
from ops.migrate.inputs import read_inputs
from ops.migrate.kinds import Kinds
from ops.migrate.placeholders import REMEDY, placeholder
from ops.migrate.reading import tunnels
from ops.migrate.selection import select
from settings.plain_text import MAX_LINES, escaped


def migrate(
    files: list[str],
    to: Path | None,
    account_id: str | None,
    zones: list[str],
    tunnel: str | None,
    localhost: str | None,
    force: bool,
    report: Path | None = None,
    namespace: str | None = None,
    merge: bool = False,
    *,
    strict: bool = False,
    from_account: str | None = None,
    cluster: bool = False,
    context: str | None = None,
) -> int:
    """Runs the command, and returns its exit status. Raises OperatorError or SettingsError if no stack file can be
    written."""
    if not (files or cluster or from_account):
        raise OperatorError("there is nothing to read: name files, or --cluster, or --from-account with --tunnel")
    documents = read_inputs(files)
    if cluster:
        documents += read_cluster(KubernetesApi(context=context), namespace)
    found = Kinds.of(documents, namespace, from_cluster=cluster)
    live = [account.read(from_account, tunnel)] if from_account else []
    setup = select(tunnels(found, live), tunnel, merge)
    setup.skipped += found.skipped
    setup.account_id = account_id or setup.account_id
    setup.zones |= dict(_parse_zone(text) for text in zones)
    if not setup.account_id:
        raise OperatorError("the files do not contain the account: set it with --account-id")
    if found := placeholder(setup.account_id, *setup.zones):
        raise OperatorError(f"{found}, in the account or a zone, is a placeholder: {REMEDY}")
    conversion = convert(setup, localhost)
    if conversion.values is None:
        _report(merged(conversion.skipped), report)
        if not conversion.total:
            raise OperatorError("there are no routes to migrate")
        raise OperatorError(f"0 of {conversion.total} routes converted, so no stack file is written")
    if to:
        stack_file.write(conversion.values, to, force)
    else:
        print(stack_file.render(conversion.values), end="")
    _report(merged(conversion.skipped), report)
    if to:
        _say(f"next: python -m sandbox up --config {shlex.quote(str(to))}, which rehearses the stack")
    _say(f"{conversion.converted} of {conversion.total} routes converted{f', to {to}' if to else ''}.")
    return 1 if strict and conversion.converted < conversion.total else 0


def _say(text: str) -> None:
    print(text, file=sys.stderr)


def _report(skipped: list[SkippedItem], file: Path | None) -> None:
    """Lists what is skipped on standard error, at most a screen of it, or all in a file."""
    lines = [line for item in skipped for line in escaped(f"- {item}").split("\n")]
    if file:
        file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        _say(f"Not migrated as is: {len(skipped)} items, listed in {file}.")
    elif skipped:
        shown = lines[: MAX_LINES - 4]
        _say("\n".join(["Not migrated as is:", *shown]))
        if len(shown) < len(lines):
            _say(f"- ... and {len(skipped) - len(shown) // 2} more: --report FILE writes all of them")


def _parse_zone(text: str) -> tuple[str, str | None]:
    name, _, zone_id = text.partition("=")
    return name, zone_id or None
