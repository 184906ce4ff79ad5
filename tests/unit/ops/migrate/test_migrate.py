"""`python -m ops migrate`: the stack file, the list of skipped items, and refusals."""

from pathlib import Path

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
def test_a_sample_becomes_this_stack_file_with_this_report(migrate: Ops, sample: str, options: list[str]) -> None:
    completed = migrate(str(SAMPLES / sample), *options)
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
    assert "there are no routes to migrate" in migrate("-", *HOME, stdin=config(*rules), fails=True).stderr
    completed = migrate("-", *HOME, "--localhost", "192.168.1.20", stdin=config(*rules))
    assert "service: http://192.168.1.20:3000" in completed.stdout


def test_missing_zones_are_guessed_and_reported(migrate: Ops) -> None:
    completed = migrate(
        "-", *ACCOUNT, stdin=config("{hostname: a.example.com, service: 'http://192.168.1.2'}", CATCH_ALL)
    )
    assert yaml.safe_load(completed.stdout)["config"]["culvert:zones"] == {"example.com": None}
    assert "example.com is guessed" in completed.stderr


def test_ids_that_look_like_numbers_stay_strings(migrate: Ops) -> None:
    zone = "example.com=" + "1234567890" * 3 + "e5"
    stdin = config("{hostname: a.example.com, service: 'http://192.168.1.2'}", CATCH_ALL)
    assert f'example.com: "{"1234567890" * 3}e5"' in migrate("-", *ACCOUNT, "--zone", zone, stdin=stdin).stdout


def test_a_list_is_read_as_its_items(migrate: Ops) -> None:
    documents = list(yaml.safe_load_all((SAMPLES / "operator.yaml").read_text()))
    stdin = yaml.safe_dump({"apiVersion": "v1", "kind": "List", "items": documents})
    assert migrate("-", stdin=stdin).stdout == (GOLDEN / "operator.stack.yaml").read_text()


def test_one_of_several_tunnels_is_selected_by_name(migrate: Ops) -> None:
    documents = list(yaml.safe_load_all((SAMPLES / "operator.yaml").read_text()))
    elsewhere = {**documents[0], "kind": "Tunnel", "metadata": {"name": "elsewhere", "namespace": "lab"}}
    stdin = yaml.safe_dump_all([*documents, elsewhere])
    assert "k3s-tunnel, elsewhere: select one with --tunnel" in migrate("-", stdin=stdin, fails=True).stderr
    completed = migrate("-", "--tunnel", "elsewhere", stdin=stdin)
    assert [route["hostname"] for route in yaml.safe_load(completed.stdout)["config"]["culvert:routes"]] == [
        "other.example.com"
    ]


@pytest.mark.parametrize(
    ("stdin", "options", "report"),
    [
        ("a: [", HOME, "- is not YAML"),
        ("a: b", HOME, "must be one config.yml of cloudflared"),
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
    ("text", "expected"),
    [("1m30s", 90), ("30s", 30), (10, 10), ("1500ms", 1.5), ("2h", 7200), ("soon", None), ("", None), (True, None)],
)
def test_durations_are_read_as_go_reads_them(text: object, expected: float | None) -> None:
    assert seconds(text) == expected
