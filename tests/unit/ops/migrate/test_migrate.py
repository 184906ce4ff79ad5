"""`python -m ops migrate`: the stack file, the list of skipped items, and refusals."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from ops.migrate.origins import seconds
from settings import Settings
from tests.support.paths import FIXTURES
from tests.unit.ops.conftest import Completed, Ops

SAMPLES, GOLDEN = FIXTURES / "migrate" / "samples", FIXTURES / "migrate" / "golden"
ACCOUNT = ["--account-id", "0123456789abcdef0123456789abcdef"]
HOME = [*ACCOUNT, "--zone", "example.com=89abcdef0123456789abcdef01234567"]


@pytest.fixture
def migrate(ops: Ops) -> Ops:
    """Runs the command; `fails` says that it must end with an error."""

    def run(*arguments: str, stdin: str = "", fails: bool = False) -> Completed:
        completed = ops("migrate", *arguments, stdin=stdin)
        assert completed.status == (1 if fails else 0), completed.stderr
        return completed

    return run


def config(*rules: str, **more: object) -> str:
    """A config.yml with these rules, each as YAML."""
    return yaml.safe_dump({"tunnel": "t", "ingress": [yaml.safe_load(rule) for rule in rules], **more})


CATCH_ALL = "{service: 'http_status:404'}"


@pytest.mark.parametrize(("sample", "options"), [("config.yml", HOME), ("operator.yaml", [])], ids=["file", "operator"])
def test_a_sample_becomes_this_stack_file_with_this_report(
    migrate: Ops, sample: str, options: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(SAMPLES)
    completed = migrate(sample, *options)
    stem = sample.split(".")[0]
    assert completed.stdout == (GOLDEN / f"{stem}.stack.yaml").read_text()
    assert completed.stderr == (GOLDEN / f"{stem}.report.txt").read_text()


def test_the_written_settings_are_valid_and_no_file_is_overwritten_without_force(migrate: Ops, tmp_path: Path) -> None:
    file = tmp_path / "Pulumi.home.yaml"
    migrate(str(SAMPLES / "config.yml"), *HOME, "--to", str(file))
    assert Settings.from_stack_file(file).routes[0].hostname == "nas.example.com"
    file.write_text("mine")
    report = migrate(str(SAMPLES / "config.yml"), *HOME, "--to", str(file), fails=True).stderr
    assert "exists and was not changed" in report
    assert file.read_text() == "mine"
    migrate(str(SAMPLES / "config.yml"), *HOME, "--to", str(file), "--force")
    assert Settings.from_stack_file(file)
    assert [each.name for each in tmp_path.iterdir()] == ["Pulumi.home.yaml"]


def test_localhost_becomes_the_given_address(migrate: Ops) -> None:
    rules = ("{hostname: a.example.com, service: 'http://localhost:3000'}", CATCH_ALL)
    assert "0 of 1 routes converted" in migrate("-", *HOME, stdin=config(*rules), fails=True).stderr
    completed = migrate("-", *HOME, "--localhost", "192.168.1.20", stdin=config(*rules))
    assert "service: http://192.168.1.20:3000" in completed.stdout


def test_missing_zones_are_taken_from_the_public_suffix_list_and_reported(migrate: Ops) -> None:
    completed = migrate(
        "-", *ACCOUNT, stdin=config("{hostname: a.example.com, service: 'http://192.168.1.2'}", CATCH_ALL)
    )
    assert yaml.safe_load(completed.stdout)["config"]["culvert:zones"] == {"example.com": None}
    assert "by the public suffix list: example.com" in completed.stderr


def test_ids_that_look_like_numbers_stay_strings(migrate: Ops) -> None:
    zone = "example.com=" + "1234567890" * 3 + "e5"
    stdin = config("{hostname: a.example.com, service: 'http://192.168.1.2'}", CATCH_ALL)
    assert f'example.com: "{"1234567890" * 3}e5"' in migrate("-", *ACCOUNT, "--zone", zone, stdin=stdin).stdout


def test_a_list_is_read_as_its_items(migrate: Ops) -> None:
    documents = list(yaml.safe_load_all((SAMPLES / "operator.yaml").read_text()))
    stdin = yaml.safe_dump({"apiVersion": "v1", "kind": "List", "items": documents})
    assert migrate("-", stdin=stdin).stdout == (GOLDEN / "operator.stack.yaml").read_text()


def operator_with(service: dict[str, Any]) -> str:
    """The operator's sample with another `spec` of its Service api."""
    documents = list(yaml.safe_load_all((SAMPLES / "operator.yaml").read_text()))
    for each in documents:
        if each["kind"] == "Service":
            each["spec"] = service
    return yaml.safe_dump_all(documents)


def test_a_port_by_name_is_left_to_the_program_which_reads_the_service(migrate: Ops) -> None:
    service = {"selector": {"app": "api"}, "ports": [{"port": 8080, "targetPort": "http"}]}
    done = migrate("-", stdin=operator_with(service))
    (backend,) = [
        route["backend"]
        for route in yaml.safe_load(done.stdout)["config"]["culvert:routes"]
        if route["hostname"] == "api.example.com"
    ]
    assert backend == {
        "service": "api",
        "namespace": "shop",
        "port": 8080,
        "scheme": "http",
        "podSelector": {"app": "api"},
    }


def test_a_service_that_no_route_can_use_is_reported(migrate: Ops) -> None:
    done = migrate("-", stdin=operator_with({"type": "ExternalName", "externalName": "db.example.net"}))
    report = " ".join(done.stderr.split())
    assert "Service shop/api: is an alias (type ExternalName) of db.example.net" in report


def test_one_of_several_tunnels_is_selected_by_name(migrate: Ops) -> None:
    documents = list(yaml.safe_load_all((SAMPLES / "operator.yaml").read_text()))
    elsewhere = {**documents[0], "kind": "Tunnel", "metadata": {"name": "elsewhere", "namespace": "lab"}}
    stdin = yaml.safe_dump_all([*documents, elsewhere])
    error = migrate("-", stdin=stdin, fails=True).stderr
    assert "there are 2 tunnels, ClusterTunnel k3s-tunnel, Tunnel lab/elsewhere: select one with --tunnel NAME" in error
    completed = migrate("-", "--tunnel", "elsewhere", stdin=stdin)
    assert [route["hostname"] for route in yaml.safe_load(completed.stdout)["config"]["culvert:routes"]] == [
        "other.example.com"
    ]


@pytest.mark.parametrize(
    ("stdin", "options", "report"),
    [
        ("a: [", HOME, "- is not YAML"),
        (
            "a: b",
            HOME,
            "-:1: this document is not known, by its keys: a. Accepted: a config.yml of cloudflared, a ConfigMap",
        ),
        ("just a text", HOME, "a document in it is not an object"),
        (config(CATCH_ALL), [], "the files do not contain the account"),
        (config(CATCH_ALL), HOME, "there are no routes to migrate"),
        (
            config("{hostname: a.example.com, service: 'http://a'}"),
            ["--account-id", "12"],
            "is not an id of 32 hex digits",
        ),
        (
            "{apiVersion: networking.cfargotunnel.com/v1alpha1, kind: TunnelBinding, metadata: {name: a}}",
            [],
            "there is no Tunnel or ClusterTunnel",
        ),
    ],
)
def test_invalid_input_is_reported_and_nothing_is_written(
    migrate: Ops, stdin: str, options: list[str], report: str, tmp_path: Path
) -> None:
    completed = migrate("-", *options, "--to", str(tmp_path / "Pulumi.a.yaml"), stdin=stdin, fails=True)
    assert report in completed.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("rule", "parses"),
    [
        ("{hostname: h%(n)d.example.com, service: 'http://192.168.1.2', originRequest: {connectTimeout: 30s}}", 5),
        ("{hostname: h.example.com, path: /a%(n)d, service: 'http://192.168.1.2'}", 5),
        ("{hostname: h%(n)d.a.b.example.com, service: 'http://192.168.1.2', originRequest: {connectTimeout: 30s}}", 10),
        ("{hostname: h%(n)d.example.com, service: 'http://192.168.1.2', originRequest: {noTLSVerify: true}}", 10),
        ("{hostname: h%(n)d.example.com, service: 'socks-proxy'}", 10),
    ],
    ids=["valid", "one-hostname", "too-deep", "invalid-option", "invalid"],
)
def test_the_settings_are_validated_as_often_for_two_hundred_rules_as_for_ten(
    migrate: Ops, rule: str, parses: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrate("-", *HOME, stdin=config(rule % {"n": 0}, "{hostname: a.example.com, service: 'http://a'}", CATCH_ALL))
    validated: list[int] = []
    parse = Settings.parse
    monkeypatch.setattr(Settings, "parse", lambda given: validated.append(len(given["routes"])) or parse(given))
    extra = "{hostname: own.example.com, service: 'http://192.168.1.2'}"
    migrate("-", *HOME, stdin=config(extra, *(rule % {"n": number} for number in range(10)), CATCH_ALL))
    often = len(validated)
    migrate("-", *HOME, stdin=config(extra, *(rule % {"n": number} for number in range(200)), CATCH_ALL))
    assert len(validated) == 2 * often
    assert often <= parses


def test_a_long_report_is_a_screen_and_whole_in_a_file(migrate: Ops, tmp_path: Path) -> None:
    rule = "{hostname: h%d.example.com, service: 'http://localhost:80'}"
    stdin = config("{hostname: a.example.com, service: 'http://a'}", *(rule % number for number in range(100)))
    report = migrate("-", *HOME, stdin=stdin).stderr.splitlines()
    assert len(report) <= 40
    assert report[-2] == "- ... and 84 more: --report FILE writes all of them"
    file = tmp_path / "report.txt"
    assert migrate("-", *HOME, "--report", str(file), stdin=stdin).stderr.splitlines()[0] == (
        f"Not migrated as is: 102 items, listed in {file}."
    )
    assert len(file.read_text().splitlines()) == 204


def test_an_invalid_option_is_skipped_and_the_others_are_kept(migrate: Ops) -> None:
    origin = "originRequest: {connectTimeout: 30s, keepAliveConnections: 0, httpHostHeader: [a], noHappyEyeballs: true}"
    completed = migrate("-", *HOME, stdin=config(f"{{hostname: a.example.com, service: 'http://a', {origin}}}"))
    route = yaml.safe_load(completed.stdout)["config"]["culvert:routes"][0]
    assert route["origin"] == {"connectTimeout": 30, "noHappyEyeballs": True}
    assert "a.example.com, keepAliveConnections: 0: 0 means two idle connections" in completed.stderr
    assert 'a.example.com, httpHostHeader: ["a"]: cloudflared does not accept it' in completed.stderr


def test_the_second_of_two_equal_rules_is_skipped(migrate: Ops) -> None:
    rule = "{hostname: a.example.com, service: 'http://a%d', originRequest: {connectTimeout: 30s}}"
    completed = migrate("-", *HOME, stdin=config(rule % 1, rule % 2))
    routes = yaml.safe_load(completed.stdout)["config"]["culvert:routes"]
    assert [route["service"] for route in routes] == ["http://a1"]
    assert "has the same hostname and path as the rule a.example.com (-:2)" in completed.stderr
    assert "requests now go to" not in completed.stderr


@pytest.mark.parametrize(
    ("hostnames", "reported"),
    [
        (["*.example.com", "a.example.com"], ["*.example.com: it came before a.example.com"]),
        (["*.example.com", "*.b.example.com"], ["*.example.com: it came before *.b.example.com"]),
        (["a.example.com", "*.example.com"], []),
        (["*.b.example.com", "a.example.com"], []),
        (["a.example.com /v1", "a.example.com /v1/users"], []),
        (["a.example.com ^/v1", "a.example.com ^/v1/users"], ["a.example.com ^/v1: it came before"]),
        (["a.example.com ^/v1", "a.example.com ^/v2/users"], []),
        (["a.example.com", "a.example.com ^/v1"], ["a.example.com: it came before a.example.com"]),
    ],
)
def test_rules_whose_order_changes_are_reported(migrate: Ops, hostnames: list[str], reported: list[str]) -> None:
    given = [name.partition(" ") for name in hostnames]
    rules = (f"{{hostname: '{host}', path: '{path}', service: 'http://a'}}" for host, _, path in given)
    report = [
        line for line in migrate("-", *HOME, stdin=config(*rules)).stderr.splitlines() if "it came before" in line
    ]
    assert len(report) == len(reported)
    assert all(text in line for text, line in zip(reported, report, strict=True))


@pytest.mark.parametrize(
    ("stdin", "message"),
    [
        ("ingress: 5", "-:1: ingress must be a list of objects, not 5"),
        ("ingress: [a]", '-:1: ingress[0] must be an object, not "a"'),
        ("ingress: [{hostname: [a]}]", "-:1: ingress[0].hostname must be a string"),
        ("ingress: []\noriginRequest: a", "-:2: originRequest must be an object"),
        ("ingress: []\nwarp-routing: yes", "-:2: warp-routing must be an object"),
        ("kind: List\nitems: {a: b}", "-:2: items must be a list of objects"),
        ("ingress: [{hostname: 2026-13-45, service: !!int x}]", 'is not YAML: line 1, column 43: "x" is not a number'),
        ("ingress: &a [*a]", "the anchor a contains itself"),
        ("{apiVersion: networking.cfargotunnel.com/v1, kind: Tunnel, metadata: [a]}", "metadata must be an object"),
        (
            "{apiVersion: networking.cfargotunnel.com/v1, kind: Tunnel, metadata: {name: t}, spec: {deployPatch: '['}}",
            "Tunnel t: deployPatch is not YAML: line",
        ),
        ("ingress: " + "[" * 100_000, "nested more than 64 levels deep"),
    ],
)
def test_input_of_another_shape_is_one_error(migrate: Ops, stdin: str, message: str) -> None:
    report = migrate("-", *HOME, stdin=stdin, fails=True).stderr
    assert message in report
    assert len(report.splitlines()) == 1


def test_strings_that_the_engine_would_not_read_as_strings_are_quoted(migrate: Ops) -> None:
    labels = {"a": "1e3", "b": "0o17", "c": "2026-01-02", "d": "yes", "e": "128Mi"}
    patch = json.dumps({"spec": {"template": {"spec": {"nodeSelector": labels}}}})
    resource = {
        "apiVersion": "networking.cfargotunnel.com/v1alpha2",
        "kind": "Tunnel",
        "metadata": {"name": "t"},
        "spec": {"deployPatch": patch, "cloudflare": {"domain": "example.com"}},
    }
    binding = {
        "apiVersion": "networking.cfargotunnel.com/v1alpha1",
        "kind": "TunnelBinding",
        "metadata": {"name": "b"},
        "subjects": [{"name": "web", "spec": {"target": "http://web"}}],
        "tunnelRef": {"kind": "Tunnel", "name": "t"},
    }
    written = migrate("-", *ACCOUNT, stdin=yaml.safe_dump_all([resource, binding])).stdout
    for quoted in ("a: '1e3'", "b: '0o17'", "c: '2026-01-02'", "d: 'yes'", "e: 128Mi"):
        assert quoted in written


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1m30s", 90),
        ("30s", 30),
        ("-1.5s", -1.5),
        ("0", 0),
        (10, None),
        ("1500ms", 1.5),
        ("2h", 7200),
        ("soon", None),
        ("", None),
        (True, None),
        ("1.2.3s", None),
        (".s", None),
    ],
)
def test_durations_are_read_as_go_reads_them(text: object, expected: float | None) -> None:
    assert seconds(text) == expected
