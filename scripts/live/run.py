"""One run: its steps, in order, and its clean-up, which nothing but a kill prevents."""

import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from clients.errors import CheckUnavailable
from sandbox.cloudflare.request_log import SECRET_KEYS
from sandbox.tools.tool import Progress
from scripts.live import leftovers
from scripts.live.exchange import Exchange
from scripts.live.masking import Mask
from scripts.live.recorder import Recorder
from scripts.live.replay import replay
from scripts.live.report import Report
from scripts.live.target import LiveError, Target, api_of

Step = Callable[[str], str]
"""Takes the recorder's address and returns its result in words."""


def check(target: Target) -> str:
    """The zone's id. Raises LiveError where the zone, or the account, has something with the run's id already."""
    try:
        api = api_of(target)
        zone_id = api.zone_id(target.account, target.zone)
        found, _ = leftovers.find(api, target.account, zone_id, target.run)
    except CheckUnavailable as error:
        raise LiveError(f"{error}") from error
    if found:
        listed = "\n".join(f"  {each}" for each in found)
        raise LiveError(
            f"the run id {target.run} is in use:\n{listed}\n"
            f"If an earlier run left this: python -m scripts.live --clean --run {target.run}"
        )
    return zone_id


def execute(
    target: Target,
    zone_id: str,
    steps: Mapping[str, Step],
    clean: Step,
    progress: Progress,
    hidden: Mapping[str, str] | None = None,
) -> tuple[Report, Mask]:
    """Takes the steps until one fails or an interrupt arrives, cleans up, and compares the calls with the emulator's.

    Returns the report and what masks it; `hidden` has further names that it must not show, each with its placeholder.
    """
    report, recorder = Report(), Recorder(target.base_url, target.run, (target.account, zone_id))
    with recorder.serving() as url, _interruptible():
        try:
            for name, step in steps.items():
                progress(f"== {name}")
                recorder.step = name
                report.steps.append((name, step(url)))
        except KeyboardInterrupt:
            report.complete = False
            report.notes.append("The run was interrupted, and cleaned up.")
        except Exception as error:
            report.complete = False
            report.steps.append((recorder.step, f"failed: {type(error).__name__}: {error}"))
        with _uninterruptible(progress):
            _clean_up(target, zone_id, recorder, clean, report, url, progress)
    report.notes += [
        f"Refused, since the run had not created what it would change: {call}" for call in recorder.refused
    ]
    try:
        report.comparisons = replay(recorder.exchanges, target.account, zone_id, target.zone)
    except Exception as error:  # of the emulator: what the run did and left must be known all the same
        report.complete = False
        report.notes.append(f"The calls could not be compared with the emulator: {type(error).__name__}: {error}")
    secrets = {value for exchange in recorder.exchanges for value in _secrets(exchange)} | {target.token}
    # The path names a person's directory, and often the cluster.
    hidden = {**(hidden or {}), str(target.kubeconfig): "{kubeconfig}"}
    return report, Mask(target.account, zone_id, target.zone, target.run, frozenset(secrets), hidden)


def _clean_up(
    target: Target, zone_id: str, recorder: Recorder, clean: Step, report: Report, url: str, progress: Progress
) -> None:
    """Deletes everything that the run created."""
    progress("== clean up")
    recorder.step = "clean up"
    try:
        report.steps.append(("clean up", clean(url)))
    except Exception as error:
        report.steps.append(("clean up", f"failed: {type(error).__name__}: {error}"))
        report.left.append(f"what the stack {target.run} has in the cluster")
    paths = recorder.left
    try:
        found, unread = leftovers.find(api_of(target), target.account, zone_id, target.run)
        paths += [each.path for each in found]
        if unread:
            report.notes.append(f"These could not be listed, and none was looked for: {', '.join(unread)}.")
    except CheckUnavailable as error:
        report.notes.append(f"What is left could not be listed: {error}")
    left = leftovers.delete(target.base_url, target.token, paths)
    if paths:
        report.notes.append(f"Deleted besides the stack: {len(set(paths)) - len(left)} objects.")
    report.left += left


@contextmanager
def _interruptible() -> Iterator[None]:
    """SIGTERM interrupts as Ctrl-C does, and both do where the shell has made a job in the background ignore them."""
    with _handling(signal.default_int_handler):
        yield


@contextmanager
def _uninterruptible(progress: Progress) -> Iterator[None]:
    with _handling(lambda *_: progress("cleaning up; this ends by itself")):
        yield


@contextmanager
def _handling(handler: Callable[[int, Any], Any]) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)


def _secrets(exchange: Exchange) -> Iterator[str]:
    """Secret values in a call's body and in its reply."""
    result = exchange.reply.result
    if exchange.route.endswith("/token") and isinstance(result, str):
        yield result
    yield from _secret_values(exchange.reply.body)
    yield from _secret_values(exchange.sent)


def _secret_values(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in SECRET_KEYS and isinstance(inner, str) and inner:
                yield inner
            yield from _secret_values(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _secret_values(inner)
