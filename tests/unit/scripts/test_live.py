"""`make live` against a second emulator that deviates in known ways, each of which the report shows."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
import yaml

from clients.errors import CheckUnavailable
from ops.verify.http_probe import HttpProbe, Response
from sandbox.cloudflare import request_log
from sandbox.cloudflare.store import Store
from scripts.live.__main__ import clean_up, confirm, run
from scripts.live.exchange import Exchange, Reply
from scripts.live.guesses import guesses
from scripts.live.masking import Mask
from scripts.live.probes import Probes
from scripts.live.recorder import Recorder
from scripts.live.replay import replay
from scripts.live.report import Report
from scripts.live.run import check, execute
from scripts.live.shapes import shape
from scripts.live.stack_settings import StackSettings
from scripts.live.stack_steps import StackSteps
from scripts.live.target import LiveError, Target, read
from settings import Settings
from tests.support.deviating_api import Deviating, Deviation
from tests.support.emulator import ACCOUNT, OTHER_ZONE, ZONE, Emulator, EmulatorThread, secret
from tests.support.paths import PROJECT

RUN = "live-0a1b2c3d"
HOSTNAME = f"{RUN}.example.com"
HERE = f"/accounts/{ACCOUNT}"
SECRET = secret()


def changed(without: str = "", **fields: Any) -> Callable[[Any], Any]:
    """Removes a field of the result, and replaces others."""

    def alter(body: Any) -> Any:
        result = {**body["result"], **fields}
        return {**body, "result": {key: value for key, value in result.items() if key != without}}

    return alter


def coded(code: int) -> Callable[[Any], Any]:
    """Another error code, and a message that names what a report must not show."""
    message = f"{ACCOUNT} of ann@example.com at 192.0.2.1: {SECRET}"
    return lambda body: {**body, "errors": [{"code": code, "message": message}]}


DEVIATIONS: dict[str, Deviation] = {
    "result.remote_config: boolean in the emulator, missing in the service": Deviation(
        "POST", "/cfd_tunnel", changed("remote_config")
    ),
    "result.shard: string, missing in the emulator": Deviation("GET", "/configurations", changed(shard="a")),
    "result.ttl: string, number in the emulator": Deviation("POST", "/dns_records", changed(ttl="automatic")),
    "result.created_on: number, time in the emulator": Deviation("PUT", "/dns_records", changed(created_on=1)),
    "result: list, object in the emulator": Deviation(
        "GET", "/dns_records/", lambda body: {**body, "result": [body["result"]]}
    ),
    "result[].conns[].is_pending_reconnect: string, boolean in the emulator": Deviation(
        "GET",
        "/connections",
        lambda body: {
            **body,
            "result": [
                {**each, "conns": [{**conn, "is_pending_reconnect": "no"} for conn in each["conns"]]}
                for each in body["result"]
            ],
        },
    ),
    "no JSON object but application/json, object in the emulator": Deviation(
        "PUT", "/configurations", lambda _: b"<html></html>"
    ),
    "status 422, 400 in the emulator": Deviation("POST", "/alerting/v3/policies", status=400, new_status=422),
    "error code 1102 ({account} of {email} at {address}: {secret}), 1003 (Tunnel not found) in the emulator, which is "
    "a guess": Deviation("GET", "/cfd_tunnel/0000", coded(1102), status=404),
    "error code none, 81044 (Record does not exist.) in the emulator": Deviation(
        "GET", "/dns_records/0000", lambda body: {**body, "errors": []}, status=404
    ),
}


@pytest.fixture(scope="module")
def deviating(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmulatorThread]:
    folder = tmp_path_factory.mktemp("deviating")
    thread = EmulatorThread(folder, lambda app: Deviating(app, list(DEVIATIONS.values())))
    yield thread
    thread.stop()


@pytest.fixture
def service(deviating: EmulatorThread, tmp_path: Path) -> Iterator[Emulator]:
    with deviating.emulator(tmp_path / "service.sqlite3") as service:
        yield service


def target(service: Emulator, token: str = "") -> Target:
    return Target(ACCOUNT, "example.com", token or service.token, Path("unused"), service.base_url, RUN)


class Caller:
    """A client of the API through the recorder."""

    def __init__(self, url: str, service: Emulator) -> None:
        headers = {"authorization": f"Bearer {service.token}"}
        self.client = httpx.Client(base_url=url, headers=headers, timeout=30, verify=False, trust_env=False)

    def call(self, method: str, path: str, body: Any = None) -> Any:
        reply = self.client.request(method, path, json=body)
        return (
            reply.json().get("result")
            if reply.headers.get("content-type") == "application/json" and reply.content[:1] == b"{"
            else None
        )


def create(url: str, service: Emulator) -> str:
    """What a stack does to the API, in few calls."""
    caller = Caller(url, service)
    tunnel = caller.call("POST", f"{HERE}/cfd_tunnel", {"name": f"culvert-{RUN}", "tunnel_secret": SECRET})["id"]
    path = f"{HERE}/cfd_tunnel/{tunnel}"
    rules = [{"hostname": HOSTNAME, "service": "http://a"}, {"service": "http_status:404"}]
    caller.call("PUT", f"{path}/configurations", {"config": {"ingress": rules}})
    caller.call("GET", f"{path}/configurations")
    caller.call("GET", f"{path}/token")
    service.connect(tunnel, [4, 2])
    caller.call("GET", f"{path}/connections")
    service.connect(tunnel, [])
    record = {"type": "CNAME", "name": HOSTNAME, "content": f"{tunnel}.cfargotunnel.com", "proxied": True, "ttl": 1}
    made = caller.call("POST", f"/zones/{ZONE}/dns_records", record)["id"]
    caller.call("PUT", f"/zones/{ZONE}/dns_records/{made}", {**record, "comment": "changed"})
    caller.call("GET", f"/zones/{ZONE}/dns_records/{made}")
    caller.call("GET", f"/zones/{ZONE}/dns_records?name.exact={HOSTNAME}&per_page=50")
    return "3 create"


def probe(url: str, service: Emulator) -> str:
    Probes(url, service.token, ACCOUNT, ZONE, HOSTNAME, RUN).run()
    return "done"


def tried(service: Emulator, **steps: Callable[[str], str]) -> tuple[Report, str]:
    """A run of these steps: its report, and the report's text."""
    report, mask = execute(target(service), ZONE, steps, lambda _: "nothing", lambda _: None)
    return report, report.markdown(mask, "A test.")


@pytest.fixture(scope="module")
def whole(deviating: EmulatorThread, tmp_path_factory: pytest.TempPathFactory) -> tuple[Report, str, str]:
    """A run of everything: its report, the report's text, and the API token."""
    with deviating.emulator(tmp_path_factory.mktemp("whole") / "service.sqlite3") as service:
        steps = {"create": lambda url: create(url, service), "probes": lambda url: probe(url, service)}
        return *tried(service, **steps), service.token


def test_the_report_shows_each_deviation_and_nothing_else(whole: tuple[Report, str, str]) -> None:
    report, text, _ = whole
    assert report.complete
    assert report.left == []
    section = text.partition("## Deviations")[2].partition("## Guessed codes")[0]
    assert set(re.findall(r"^- (.+)$", section, re.MULTILINE)) == set(DEVIATIONS)


def test_the_report_shows_no_secret_no_id_and_no_name(whole: tuple[Report, str, str]) -> None:
    report, text, token = whole
    assert len(report.comparisons) > 30
    hidden = {ACCOUNT, ZONE, RUN, SECRET, token, "example.com", "ann@", "192.0.2."}
    hidden |= {each.exchange.reply.result["id"] for each in report.comparisons if each.exchange.created}
    assert [value for value in hidden if value in text] == []
    assert "`GET /accounts/{account}/cfd_tunnel/{id}/configurations`" in text
    assert "`GET /zones/{zone}/dns_records?name.exact={value}&per_page=50`" in text


def test_guessed_codes_are_guessed_until_the_service_answers_with_them(whole: tuple[Report, str, str]) -> None:
    table = whole[1].partition("## Guessed codes")[2].partition("## Calls")[0]
    verdicts = dict(re.findall(r"^\| \d+ \| (.*?) \| \w+ \| (.+) \|$", table, re.MULTILINE))
    assert len(guesses()) > 20
    assert set(verdicts) == {guess.message for guess in guesses()}
    assert verdicts["Tunnel not found"] == "the service answers 1102"
    assert verdicts["You already have a virtual network with this name"] == "confirmed"
    assert verdicts["The default virtual network cannot be deleted"] == "guessed"
    assert sum(verdict == "confirmed" for verdict in verdicts.values()) >= 10


def test_a_call_that_the_token_may_not_make_is_no_deviation(service: Emulator) -> None:
    service.token = service.create_token(["Cloudflare Tunnel: Edit"])
    _, text = tried(service, probes=lambda url: probe(url, service))
    assert "| `GET /zones/{zone}/rulesets/{id}` | 403, code 10000 | 404, code 10001 (guessed) | not permitted |" in text
    assert "rulesets" not in text.partition("## Deviations")[2].partition("## Guessed codes")[0]
    assert "| 10001 | could not find ruleset | rulesets | guessed; the token may not make the call |" in text
    assert "These could not be listed, and none was looked for: DNS record" in text


class FakeStack:
    """In place of the stack's steps, which take an engine and a cluster: one step that calls the API."""

    def __init__(self, target: Target, zone_id: str, **_: Any) -> None:
        self.target, self.zone_id = target, zone_id
        self.namespace, self.directory = (
            f"culvert-{target.run}",
            SimpleNamespace(path=Path(".live"), delete=self.delete),
        )
        self.deleted = False

    def prepare(self) -> str:
        return "https://cluster"

    def steps(self) -> dict[str, Callable[[str], str]]:
        return {"up": self.up}

    def up(self, url: str) -> str:
        headers = {"authorization": f"Bearer {self.target.token}"}
        tunnel = {"name": self.namespace}
        return str(httpx.post(f"{url}{HERE}/cfd_tunnel", json=tunnel, headers=headers).status_code)

    def clean(self, _: str) -> str:
        return "nothing"

    def delete(self) -> None:
        print("state deleted")


def test_the_command_writes_the_report_and_deletes_what_the_stack_left(
    service: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("scripts.live.stack_steps.StackSteps", FakeStack)
    report = tmp_path / "report.md"
    assert run(target(service), report, yes=True, offline=True) == 0
    printed = capsys.readouterr().out
    assert re.search(r"report.md: \d\d calls, \d answered differently by the emulator", printed)
    assert "state deleted" in printed
    text = report.read_text()
    assert "| up | 200 |" in text
    assert "Deleted besides the stack: 1 objects." in text
    assert "Left out: Access, since CULVERT_LIVE_TEAM is not set." in text
    assert service.done("GET", f"{HERE}/cfd_tunnel?is_deleted=false") == []


@pytest.mark.parametrize(("team", "email"), [("", ""), ("acme", "ann@example.net")])
def test_the_stack_files_of_a_run_are_valid_and_name_it(
    service: Emulator, team: str, email: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    stack = StackSettings(target(service), ZONE, team, email)
    stack.require_valid()
    hostnames = []
    for number in range(3):
        file = tmp_path / f"Pulumi.{RUN}.yaml"
        config = {f"culvert:{key}": value for key, value in stack.of(number).items()}
        file.write_text(yaml.safe_dump({"config": config}))
        settings = Settings.from_stack_file(file)
        assert settings.namespace_name("other") == f"culvert-{RUN}"
        hostnames.append(sorted(settings.hostnames()))
    assert all(RUN in hostname for each in hostnames for hostname in each)
    assert hostnames[0] != hostnames[1] == hostnames[2]


def test_an_invalid_team_or_address_is_refused_before_the_cluster_is_asked(
    service: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    stack = StackSteps(target(service), ZONE, "Acme Corp", "ann", offline=True, progress=lambda _: None)
    with pytest.raises(LiveError) as refused:
        stack.prepare()
    assert [line.partition(". Accepted")[0] for line in str(refused.value).splitlines()] == [
        'CULVERT_LIVE_TEAM: "Acme Corp" is not the name of a team',
        'CULVERT_LIVE_EMAIL: "ann" is not an e-mail address',
    ]


@pytest.mark.parametrize(
    ("base_url", "offline", "visits"),
    [
        ("https://api.example.com/client/v4", False, True),
        ("https://api.example.com/client/v4", True, False),
        ("http://127.0.0.1:1/client/v4", False, False),
    ],
)
def test_verify_visits_the_public_hostnames_of_a_real_account(
    service: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, base_url: str, offline: bool, visits: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CULVERT_VERIFY_FRONT", raising=False)
    monkeypatch.setenv("CLOUDFLARE_BASE_URL", "https://earlier.example.com")
    visited: list[str] = []

    def get(_: HttpProbe, url: str) -> Response:
        visited.append(url)
        return Response(url, failure="name")

    monkeypatch.setattr(HttpProbe, "get", get)
    stack = StackSteps(replace(target(service), base_url=base_url), ZONE, "", "", offline, lambda _: None)
    stack.directory.create()
    before = dict(os.environ)
    # The recorder, whose place the service takes here, is on this machine.
    assert "not passed" in stack.steps()["verify"](service.base_url)
    assert visited == ([f"https://{HOSTNAME}/", f"https://status-{HOSTNAME}/"] if visits else [])
    assert dict(os.environ) == before


def test_the_clean_up_stops_its_servers_where_the_cluster_does_not_answer(
    service: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CULVERT_SANDBOX_PROVIDERS", "")
    stopped: list[str] = []

    def fail(*_: object) -> None:
        raise RuntimeError("the engine does not start")

    monkeypatch.setattr("scripts.live.stack_steps.tools.ensure", fail)
    monkeypatch.setattr("sandbox.tools.processes.Supervisor.stop_all", lambda _: stopped.append("all"))
    stack = StackSteps(target(service), ZONE, "", "", offline=True, progress=lambda _: None)
    with pytest.raises(RuntimeError, match="the engine does not start"):
        stack.steps()["up"](service.base_url)
    # The kubeconfig does not exist.
    with pytest.raises(CheckUnavailable):
        stack.clean(service.base_url)
    assert stopped == ["all"]


def test_nothing_is_written_that_the_run_did_not_create(service: Emulator) -> None:
    foreign = service.tunnel("foreign")
    recorder = Recorder(service.base_url, RUN, (ACCOUNT, ZONE))
    with recorder.serving() as url:
        caller = Caller(url, service)
        for method, path, body in (
            ("PATCH", f"{HERE}/cfd_tunnel/{foreign}", {"name": RUN}),
            ("DELETE", f"{HERE}/cfd_tunnel/{foreign}", None),
            ("POST", f"{HERE}/cfd_tunnel", {"name": "other"}),
            ("PUT", f"{HERE}/cfd_tunnel/{foreign}/configurations", {"config": {"ingress": []}}),
            ("POST", f"/zones/{OTHER_ZONE}/dns_records", {"name": RUN, "type": "A", "content": "192.0.2.1", "ttl": 1}),
            ("POST", f"/zones/{ZONE}/dns_records/batch", {"deletes": [{"id": foreign}], "posts": [{"name": RUN}]}),
            ("POST", f"/zones/{ZONE}/rulesets/{'0' * 32}/rules", {"description": RUN}),
            ("POST", "/zones", {"name": RUN}),
        ):
            assert caller.client.request(method, path, json=body).status_code == 403
        own = caller.call("POST", f"{HERE}/cfd_tunnel", {"name": RUN})["id"]
        assert recorder.left == [f"{HERE}/cfd_tunnel/{own}"]
        caller.call("PATCH", f"{HERE}/cfd_tunnel/{own}", {"name": f"{RUN}-renamed"})
        caller.call("DELETE", f"{HERE}/cfd_tunnel/{own}")
    assert recorder.left == []
    assert len(recorder.refused) == 8
    assert [each["name"] for each in service.done("GET", f"{HERE}/cfd_tunnel?is_deleted=false")] == ["foreign"]


def interrupt(number: signal.Signals) -> str:
    signal.raise_signal(number)
    return "not interrupted"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_deletes_what_it_created(service: Emulator, number: signal.Signals) -> None:
    # As a shell starts a job in the background.
    before, terminated = signal.signal(signal.SIGINT, signal.SIG_IGN), signal.getsignal(signal.SIGTERM)

    def stop(url: str) -> str:
        create(url, service)
        return interrupt(number)

    try:
        report, text = tried(service, stop=stop, never=lambda _: "reached")
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
    assert not report.complete
    assert "The run was interrupted, and cleaned up." in text
    assert [name for name, _ in report.steps] == ["clean up"]
    assert service.done("GET", f"{HERE}/cfd_tunnel?is_deleted=false") == []
    assert service.done("GET", f"/zones/{ZONE}/dns_records") == []
    assert signal.getsignal(signal.SIGTERM) == terminated


def test_an_interrupt_does_not_stop_the_clean_up(service: Emulator) -> None:
    def clean(_: str) -> str:
        return interrupt(signal.SIGINT)

    steps = {"create": lambda url: create(url, service)}
    report, _ = execute(target(service), ZONE, steps, clean, lambda _: None)
    assert report.complete
    assert dict(report.steps)["clean up"] == "not interrupted"
    assert service.done("GET", f"/zones/{ZONE}/dns_records") == []


def test_an_error_of_the_emulator_is_its_answer_to_one_call(monkeypatch: pytest.MonkeyPatch) -> None:
    log = request_log.add

    def add(store: Store, method: str, path: str, *more: Any) -> None:
        if method == "HEAD":
            raise RuntimeError("a mistake in the emulator")
        log(store, method, path, *more)

    monkeypatch.setattr(request_log, "add", add)
    calls = [Exchange("a", method, f"{HERE}/cfd_tunnel", Reply(200)) for method in ("HEAD", "GET")]
    assert [each.emulated.status for each in replay(calls, ACCOUNT, ZONE, "example.com")] == [500, 200]


def test_a_run_that_cannot_be_compared_is_reported_all_the_same(
    service: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("a mistake in the emulator")

    monkeypatch.setattr("scripts.live.run.replay", fail)
    report, text = tried(service, create=lambda url: create(url, service))
    assert not report.complete
    assert report.left == []
    assert "The calls could not be compared with the emulator: RuntimeError: a mistake in the emulator" in text
    assert "| create | 3 create |" in text


def test_a_failed_step_ends_the_run_and_is_in_the_report(service: Emulator) -> None:
    def fail(_: str) -> str:
        raise RuntimeError(f"{HOSTNAME} does not answer")

    report, text = tried(service, fail=fail, never=lambda _: "reached")
    assert not report.complete
    assert "| fail | failed: RuntimeError: {run}.{zone name} does not answer |" in text
    assert [name for name, _ in report.steps] == ["fail", "clean up"]


def test_what_cannot_be_deleted_is_in_the_report(service: Emulator) -> None:
    def fail(_: str) -> str:
        raise RuntimeError("the cluster does not answer")

    def keep(url: str) -> str:
        create(url, service)
        service.owner("PUT", "/faults", {"rules": [{"method": "DELETE", "path": "/cfd_tunnel", "status": 500}]})
        return "created"

    report, mask = execute(target(service), ZONE, {"keep": keep}, fail, lambda _: None)
    text = report.markdown(mask, "")
    assert "- Left behind, to be deleted by hand: what the stack {run} has in the cluster" in text
    assert "- Left behind, to be deleted by hand: /accounts/{account}/cfd_tunnel/{id}" in text
    assert service.done("GET", f"/zones/{ZONE}/dns_records") == []


def test_what_cannot_be_listed_is_deleted_if_its_creation_was_seen(service: Emulator) -> None:
    def create_all(url: str) -> str:
        create(url, service)
        faults = [{"method": "GET", "path": r"\?.*page=1", "status": 500}]
        service.owner("PUT", "/faults", {"rules": faults})
        return "created"

    report, _ = execute(target(service), ZONE, {"create": create_all}, lambda _: "nothing", lambda _: None)
    service.owner("PUT", "/faults", {})
    assert report.left == []
    assert [note for note in report.notes if note.startswith("These could not be listed")] != []
    assert service.done("GET", f"{HERE}/cfd_tunnel?is_deleted=false") == []
    assert service.done("GET", f"/zones/{ZONE}/dns_records") == []


def test_a_zone_with_records_of_the_run_is_refused(service: Emulator) -> None:
    assert check(target(service)) == ZONE
    record = {"type": "A", "name": f"a.{HOSTNAME}", "content": "192.0.2.1", "ttl": 1}
    service.done("POST", f"/zones/{ZONE}/dns_records", record)
    with pytest.raises(LiveError, match=rf"(?s)the run id {RUN} is in use.*DNS record.*--clean --run {RUN}"):
        check(target(service))


def test_what_a_killed_run_left_is_deleted_by_its_id(service: Emulator, capsys: pytest.CaptureFixture[str]) -> None:
    service.tunnel("foreign")
    create(service.base_url, service)
    with pytest.raises(LiveError, match="--clean needs --run"):
        clean_up(target(service), None)
    assert clean_up(target(service), RUN) == 0
    printed = capsys.readouterr().out
    assert f"deleted 2 objects of {RUN}; left: none" in printed
    assert f"kubectl delete namespace --ignore-not-found culvert-{RUN}" in printed
    assert [each["name"] for each in service.done("GET", f"{HERE}/cfd_tunnel?is_deleted=false")] == ["foreign"]
    assert service.done("GET", f"/zones/{ZONE}/dns_records") == []


def test_the_clean_up_by_id_fails_where_something_could_not_be_listed(
    service: Emulator, capsys: pytest.CaptureFixture[str]
) -> None:
    token = service.create_token(["Cloudflare Tunnel: Edit", "Zone: Read"])
    assert clean_up(target(service, token), RUN) == 1
    printed = capsys.readouterr().out
    assert "deleted 0 objects" in printed
    assert "not looked for, since they could not be listed: DNS record" in printed


def test_every_missing_variable_is_named_at_once() -> None:
    with pytest.raises(LiveError) as missing:
        read({"CULVERT_LIVE_ACCOUNT": ACCOUNT})
    assert re.findall(r"^  (\w+): ", str(missing.value), re.MULTILINE) == [
        "CULVERT_LIVE_ZONE",
        "CLOUDFLARE_API_TOKEN",
        "KUBECONFIG",
    ]
    given = {"CULVERT_LIVE_ACCOUNT": "x", "CULVERT_LIVE_ZONE": "é", "CLOUDFLARE_API_TOKEN": "x", "KUBECONFIG": "/none"}
    with pytest.raises(LiveError) as wrong:
        read(given, "live-x")
    assert len(str(wrong.value).splitlines()) == 4


def test_a_missing_variable_ends_the_command_without_a_traceback() -> None:
    environ = {key: value for key, value in os.environ.items() if not key.startswith(("CLOUDFLARE_", "CULVERT_"))}
    command = [sys.executable, "-m", "scripts.live"]
    ended = subprocess.run(command, cwd=PROJECT, env=environ, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 2
    assert "CULVERT_LIVE_ZONE: the name of a zone" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(("answer", "starts"), [("y", True), ("", False), ("no", False), (None, False)])
def test_nothing_starts_without_a_yes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], answer: str | None, starts: bool
) -> None:
    one = Target(ACCOUNT, "example.com", "token", Path("unused"), "https://api.example.com", RUN)
    monkeypatch.setattr("sys.stdin.isatty", lambda: answer is not None)
    monkeypatch.setattr("builtins.input", lambda _: answer)
    assert confirm(one, "https://cluster", f"culvert-{RUN}", yes=False) is starts
    assert confirm(one, "https://cluster", f"culvert-{RUN}", yes=True)
    printed = capsys.readouterr().err
    assert f"cluster  https://cluster: the namespace culvert-{RUN}" in printed
    assert starts == ("Nothing was started" not in printed)


def test_addresses_ids_and_the_zones_name_are_masked() -> None:
    mask = Mask(ACCOUNT, ZONE, "example.com", RUN)
    path = f"/accounts/{ACCOUNT}/teamnet/routes/ip/10.1.2.3?virtual_network_id=x&is_deleted=false"
    assert (
        mask.path(path) == "/accounts/{account}/teamnet/routes/ip/{address}?virtual_network_id={value}&is_deleted=false"
    )
    assert mask.text(f"APP.Example.com of {ZONE}") == "APP.{zone name} of {zone}"


def test_the_team_the_cluster_and_the_kubeconfig_are_masked_as_whole_words(service: Emulator) -> None:
    def fail(_: str) -> str:
        raise RuntimeError(f"https://k8s.Acme.internal:6443 of {kubeconfig}: acme.cloudflareaccess.com, acmes")

    kubeconfig = Path("/home/ann/.kube/config")
    hidden = {"acme": "{team}", "k8s.acme.internal": "{cluster}", "": "{nothing}"}
    one = replace(target(service), kubeconfig=kubeconfig)
    report, mask = execute(one, ZONE, {"up": fail}, lambda _: "nothing", lambda _: None, hidden)
    assert (
        "| up | failed: RuntimeError: https://{cluster}:6443 of {kubeconfig}: {team}.cloudflareaccess.com, acmes |"
        in report.markdown(mask, "")
    )


def test_keys_that_may_be_data_are_not_shown() -> None:
    value = {"name_1": 1, "blog.example.com": 2, "a-b": {"ann@example.com": 3}, "k" * 41: 4}
    assert shape(value) == {"name_1": "number", "…": "number"}
