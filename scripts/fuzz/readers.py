"""What reads the files and the replies of others, each as a function that runs it once and returns what it prints."""

import contextlib
import io
import json
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any
from unittest import mock

import httpx
import urllib3
import yaml

import clients.cloudflare
from clients.limited_http import LimitedClient
from ops import cli as ops_cli
from ops.expected_stack import ExpectedStack
from ops.migrate.cluster import RESOURCES
from ops.preflight import command as preflight
from ops.recover.live_resources import LiveResources
from ops.recover.next_step import Commands, next_step
from ops.recover.orphans import orphans
from ops.recover.owner import Owner
from ops.recover.report import Report
from ops.recover.survey import survey
from ops.verify import http_probe, report
from ops.verify.runner import Runner
from sandbox import cli as sandbox_cli
from sandbox.engine import stack_file
from scripts.fuzz.engine import MutatedEngine
from scripts.fuzz.mutations import mutated_reply
from settings import Settings, SettingsError
from settings.yaml_nodes import documents

Reader = Callable[[Path], str]
"""Reads a file and returns what a person would see."""
_ACCOUNT = "0123456789abcdef0123456789abcdef"
_CLUSTER = "http://cluster.invalid"
_KUBECONFIG = f"""
contexts: [{{name: c, context: {{cluster: c}}}}]
clusters: [{{name: c, cluster: {{server: "{_CLUSTER}"}}}}]
current-context: c
"""
_SETTINGS = {
    "accountId": _ACCOUNT,
    "zones": {"example.com": "89abcdef0123456789abcdef01234567"},
    "namespace": "blog",
    "accessTeam": "acme",
    "routes": [
        {"hostname": "a.example.com", "service": "http://blog", "access": {"allow": {"emails": ["a@example.com"]}}},
        {"hostname": "b.example.com", "service": "http://192.168.1.2"},
    ],
}


def check(path: Path) -> str:
    """`python -m sandbox check`."""
    return _command(sandbox_cli.run, "sandbox", "check", "--config", str(path), "--stack", "dev")


def verify(path: Path) -> str:
    """`python -m ops verify`, which reads the stack file before anything else, and prints only commands."""
    with mock.patch.dict(os.environ, {"PATH": "", "KUBECONFIG": os.devnull}):
        return _command(ops_cli.run, "ops", "verify", "--config", str(path), "--stack", "dev", "--print-only")


def migrate(path: Path) -> str:
    """`python -m ops migrate`."""
    options = ("--account-id", _ACCOUNT, "--merge", "--to", f"{path}.to", "--force")
    text = _command(ops_cli.run, "ops", "migrate", str(path), *options)
    Path(f"{path}.to").unlink(missing_ok=True)
    return text


def rehearse(path: Path) -> str:
    """What `python -m sandbox up` writes for the engine, which reads the stack file again."""
    try:
        Settings.from_stack_file(path)
        content, left_out = stack_file.rehearsal_content(path, lambda: "certificate")
    except SettingsError as error:
        return str(error)
    yaml.safe_dump(content)
    return f"left out: {len(left_out)}"


FILE_READERS: tuple[Reader, ...] = (check, verify, migrate, rehearse)


def _command(run: Callable[[], None], *arguments: str) -> str:
    printed = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="backslashreplace")
    with (
        mock.patch.object(sys, "argv", list(arguments)),
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(printed),
        contextlib.suppress(SystemExit),
        mock.patch("signal.signal"),
    ):
        run()
    printed.flush()
    assert isinstance(printed.buffer, io.BytesIO)
    return printed.buffer.getvalue().decode()


class Replies:
    """The API and the cluster, whose answers are mutated: `corpus` has the documented ones by their path."""

    def __init__(self, corpus: Path, random: Random) -> None:
        self._random, self._corpus = random, corpus
        self._cloudflare, self._kubernetes = (
            [(re.compile(f"(?:{path})(?:$|[?])" if path else ""), body) for path, body in json.loads(text).items()]
            for text in ((corpus / f"{name}.json").read_text(encoding="utf-8") for name in ("cloudflare", "kubernetes"))
        )
        samples = sorted((corpus.parent / "migrate" / "samples").iterdir())
        objects = [one for each in samples for one in documents(each.read_bytes()) if one.get("kind")]
        self._to_migrate = [
            (re.compile(f"/{resource.plural}$"), {"items": [one for one in objects if one["kind"] == resource.kind]})
            for resource in RESOURCES
        ]
        self._unchanged = 0.6
        self.count = 0

    def migrate(self) -> str:
        """`python -m ops migrate --cluster`, in a cluster with the objects of every sample."""
        # It reads every kind before it does anything with them.
        self._kubernetes, self._unchanged = self._to_migrate, 0.9
        with self._served(), tempfile.TemporaryDirectory() as folder:
            options = ("--cluster", "--merge", "--account-id", _ACCOUNT, "--to", f"{folder}/Pulumi.dev.yaml")
            return _command(ops_cli.run, "ops", "migrate", *options)

    def migrate_account(self) -> str:
        """`python -m ops migrate --from-account`."""
        self._unchanged = 0.8
        with self._served(), tempfile.TemporaryDirectory() as folder:
            options = ("--from-account", _ACCOUNT, "--tunnel", "culvert-dev", "--to", f"{folder}/Pulumi.dev.yaml")
            return _command(ops_cli.run, "ops", "migrate", *options)

    def verify(self) -> str:
        """All checks, as `python -m ops verify` runs and prints them."""
        with self._served():
            results = Runner(_stack(), probe_pod=self._random.random() < 0.5).run()
        return _printed(lambda console: console.print(report.as_table(results), soft_wrap=True))

    def preflight(self) -> str:
        """All checks, as `python -m ops preflight` runs and prints them."""
        with self._served():
            results = preflight.run(_stack())
        return _printed(lambda console: console.print(report.as_table(results), soft_wrap=True))

    def recover(self) -> str:
        """The survey of `python -m ops recover`, and its report."""
        owner = Owner("culvert", "dev", frozenset())
        state: dict[str, Any] = {"deployment": {"resources": []}}
        with self._served():
            found = survey(_stack(), owner, state, LiveResources(dict(os.environ)))
        shown = Report("dev", found, orphans(found.found, [], [], state))
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            shown.show([])
            step = next_step(shown, Commands("dev"), None, interrupted=False)
            shown.finish(as_json=False, action=None, next_step=step)
        return printed.getvalue()

    def recover_engine(self) -> str:
        """`python -m ops recover`, where also what the engine answers is mutated."""
        engine = MutatedEngine(self._corpus, self._random)
        self._unchanged = 0.99
        options = self._random.choice(((), ("--json",), ("--adopt", "--yes"), ("--remove", "--yes")))
        with self._served(), engine.served(), tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "Pulumi.dev.yaml"
            path.write_text(yaml.safe_dump({"config": {f"culvert:{key}": value for key, value in _SETTINGS.items()}}))
            printed = _command(ops_cli.run, "ops", "recover", "--config", str(path), *options)
        self.count = engine.count
        return printed

    @contextmanager
    def _served(self) -> Iterator[None]:
        transport = httpx.MockTransport(self._answer_cloudflare)
        answer = http_probe.Response(
            "https://a.example.com/", ("192.0.2.1",), status=200, headers={"server": "cloudflare"}
        )
        with (
            tempfile.NamedTemporaryFile("w") as kubeconfig,
            mock.patch.object(
                clients.cloudflare, "LimitedClient", lambda **given: LimitedClient(transport=transport, **given)
            ),
            mock.patch.object(urllib3.PoolManager, "request", self._answer_cluster),
            mock.patch.object(http_probe.HttpProbe, "get", mock.Mock(return_value=answer)),
            mock.patch.dict(os.environ, {"CLOUDFLARE_API_TOKEN": "t", "KUBECONFIG": kubeconfig.name}),
            mock.patch("time.sleep"),
        ):
            kubeconfig.write(_KUBECONFIG)
            kubeconfig.flush()
            yield

    def _body(self, answers: list[tuple[re.Pattern[str], Any]], path: str) -> Any:
        return next((body for pattern, body in answers if pattern.search(path)), {})

    def _mutated(self, body: Any) -> tuple[int, bytes]:
        """Some replies are as documented, so that what is read after them is reached too."""
        self.count += 1
        if self._random.random() < self._unchanged:
            return 200, json.dumps(body).encode()
        return self._random.choice((200, 200, 200, 200, 401, 403, 404, 429, 500, 503)), mutated_reply(
            body, self._random
        )

    def _answer_cloudflare(self, request: httpx.Request) -> httpx.Response:
        page = request.url.params.get("page", "1")
        result = self._body(self._cloudflare, request.url.path) if page == "1" else []
        status, content = self._mutated({"success": True, "errors": [], "messages": [], "result": result})
        kind = self._random.choice(("application/json", "text/html", "\x01"))
        return httpx.Response(status, content=content, headers={"content-type": kind, "retry-after": "soon"})

    def _answer_cluster(self, _method: str, url: str, **_options: Any) -> urllib3.HTTPResponse:
        path = url.removeprefix(_CLUSTER)
        status, content = self._mutated(self._body(self._kubernetes, path))
        return urllib3.HTTPResponse(io.BytesIO(content), status=status, reason="x\x1b", preload_content=False)


def _stack() -> ExpectedStack:
    return ExpectedStack("dev", "culvert-dev", Settings.parse(_SETTINGS))


def _printed(show: Callable[[Any], None]) -> str:
    from rich.console import Console

    output = io.StringIO()
    show(Console(file=output, width=200))
    return output.getvalue()
