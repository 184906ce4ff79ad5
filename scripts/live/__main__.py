"""`make live`: try a stack against a real account, zone and cluster, and compare the API with the sandbox's
emulator."""

import os
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from clients.errors import CheckUnavailable
from scripts.live.target import LiveError, Target, read


def main(
    run_id: Annotated[
        str | None, typer.Option("--run", help="The run's id in place of a random one: live- and 8 hex digits.")
    ] = None,
    report: Annotated[Path | None, typer.Option(help="Where the report is written.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Start without asking.")] = False,
    offline: Annotated[bool, typer.Option("--offline", help="Do not visit the public hostnames.")] = False,
    clean: Annotated[bool, typer.Option("--clean", help="Only delete what the killed run --run left.")] = False,
) -> None:
    """Try a stack against the account, zone and cluster that the environment names (docs/live.md).

    Everything that it creates has the run's id in its name, and is deleted at the end, also after an interrupt.
    """
    try:
        target = read(run=run_id)
        if clean:
            sys.exit(clean_up(target, run_id))
        sys.exit(run(target, report, yes, offline))
    except (LiveError, CheckUnavailable) as error:
        print(error, file=sys.stderr)
        sys.exit(2)


def run(target: Target, report: Path | None, yes: bool, offline: bool) -> int:
    """Checks, asks, takes the steps, cleans up and writes the report; returns the exit status."""
    # The engine's and the emulator's libraries take seconds to import, and a missing variable is an error at once.
    from clients import lazy_sdk

    lazy_sdk.install()
    from scripts.live.probes import Probes
    from scripts.live.run import check, execute
    from scripts.live.stack_steps import StackSteps

    zone_id = check(target)
    options = {key: os.environ.get(f"CULVERT_LIVE_{key.upper()}", "") for key in ("team", "email")}
    stack = StackSteps(target, zone_id, **options, offline=offline, progress=_progress)
    server = stack.prepare()
    if not confirm(target, server, stack.namespace, yes):
        return 2

    def probe(url: str) -> str:
        Probes(url, target.token, target.account, zone_id, target.hostname, target.run).run()
        return "done"

    steps = {**stack.steps(), "calls that the API refuses": probe}
    hidden = {options["team"]: "{team}", urlsplit(server).hostname or "": "{cluster}"}
    result, mask = execute(target, zone_id, steps, stack.clean, _progress, hidden)
    _note_left_out(result.notes)
    path = report or Path(f"live-report-{target.run}.md")
    path.write_text(result.markdown(mask, _title()))
    if result.left:
        print(f"Left behind: {', '.join(result.left)}. The run's state is in {stack.directory.path}", file=sys.stderr)
    else:
        stack.directory.delete()
    print(f"{path}: {len(result.comparisons)} calls, {result.deviations} answered differently by the emulator")
    return 0 if result.complete and not result.left else 1


def _progress(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def confirm(target: Target, server: str, namespace: str, yes: bool) -> bool:
    """Says what is about to happen, and asks unless `yes`."""
    print(
        f"A stack is created, changed and destroyed, and a few calls are made that the API must refuse:\n"
        f"  account  {target.account}\n"
        f"  zone     {target.zone}: records under {target.hostname}\n"
        f"  API      {target.base_url}\n"
        f"  cluster  {server}: the namespace {namespace}\n"
        f"Everything has {target.run} in its name and is deleted at the end, also after Ctrl-C.",
        file=sys.stderr,
    )
    if yes:
        return True
    if not sys.stdin.isatty():
        print("Nothing was started: there is no terminal to ask. To start without being asked: --yes", file=sys.stderr)
        return False
    if input("Start? [y/N] ").strip().lower() in ("y", "yes"):
        return True
    print("Nothing was started.", file=sys.stderr)
    return False


def clean_up(target: Target, run: str | None) -> int:
    """Deletes what a killed run left at Cloudflare; returns the exit status."""
    from ops.project import project_name
    from scripts.live import leftovers
    from scripts.live.target import api_of
    from settings import base_name

    if run is None:
        raise LiveError("--clean needs --run with the id of the run that left something")
    api = api_of(target)
    zone_id = api.zone_id(target.account, target.zone)
    found, unread = leftovers.find(api, target.account, zone_id, target.run)
    left = leftovers.delete(target.base_url, target.token, [each.path for each in found])
    print(f"deleted {len(found) - len(left)} objects of {target.run}; left: {', '.join(left) or 'none'}")
    print(f"In the cluster: kubectl delete namespace --ignore-not-found {base_name(project_name(), target.stack)}")
    if unread:
        print(f"not looked for, since they could not be listed: {', '.join(unread)}")
    return 1 if left or unread else 0


def _note_left_out(notes: list[str]) -> None:
    notes.append("Left out: rulesets, since a zone has one for each phase, which the run would share with others.")
    for variable, what in (("CULVERT_LIVE_TEAM", "Access"), ("CULVERT_LIVE_EMAIL", "notifications")):
        if not os.environ.get(variable):
            notes.append(f"Left out: {what}, since {variable} is not set.")


def _title() -> str:
    packages = ", ".join(f"{name} {version(name)}" for name in ("pulumi", "pulumi-cloudflare", "cloudflare"))
    return f"`make live` on {datetime.now(UTC):%d %B %Y} with {packages}."


if __name__ == "__main__":
    typer.run(main)
