"""`python -m ops migrate`: what it writes, what it says that it could not carry over, and what it refuses."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from ops.migrate.origins import seconds
from settings import Settings
from tests.support.paths import FIXTURES, PROJECT

SAMPLES, GOLDEN = FIXTURES / "migrate" / "samples", FIXTURES / "migrate" / "golden"
ACCOUNT = ["--account-id", "0123456789abcdef0123456789abcdef"]
HOME = [*ACCOUNT, "--zone", "example.com=89abcdef0123456789abcdef01234567"]


def migrate(*arguments: str, given: str = "", fails: bool = False) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ops", "migrate", *arguments]
    done = subprocess.run(command, cwd=PROJECT, input=given, capture_output=True, text=True)
    assert (done.returncode != 0) == fails, done.stderr
    assert "Traceback" not in done.stderr
    return done


def config(*rules: str, **more: object) -> str:
    """A config.yml with these rules, each as YAML."""
    return yaml.safe_dump({"tunnel": "t", "ingress": [yaml.safe_load(rule) for rule in rules], **more})


CATCH_ALL = "{service: 'http_status:404'}"


@pytest.mark.parametrize(("sample", "options"), [("config.yml", HOME), ("operator.yaml", [])], ids=["file", "operator"])
def test_a_sample_becomes_this_stack_file_and_this_is_said(sample: str, options: list[str]) -> None:
    done = migrate(str(SAMPLES / sample), *options)
    stem = sample.split(".")[0]
    assert done.stdout == (GOLDEN / f"{stem}.stack.yaml").read_text()
    assert done.stderr == (GOLDEN / f"{stem}.said.txt").read_text()


def test_what_is_written_are_good_settings_and_no_file_is_overwritten_unasked(tmp_path: Path) -> None:
    file = tmp_path / "Pulumi.home.yaml"
    migrate(str(SAMPLES / "config.yml"), *HOME, "--to", str(file))
    assert Settings.from_stack_file(file).routes[0].hostname == "nas.example.com"
    file.write_text("mine")
    said = migrate(str(SAMPLES / "config.yml"), *HOME, "--to", str(file), fails=True).stderr
    assert "is there already, and was left as it is" in said
    assert file.read_text() == "mine"
    migrate(str(SAMPLES / "config.yml"), *HOME, "--to", str(file), "--force")
    assert Settings.from_stack_file(file)
    assert [each.name for each in tmp_path.iterdir()] == ["Pulumi.home.yaml"]


def test_localhost_is_the_machine_that_it_is_said_to_be() -> None:
    rules = ("{hostname: a.example.com, service: 'http://localhost:3000'}", CATCH_ALL)
    assert "there is no route to carry over" in migrate("-", *HOME, given=config(*rules), fails=True).stderr
    done = migrate("-", *HOME, "--localhost", "192.168.1.20", given=config(*rules))
    assert "service: http://192.168.1.20:3000" in done.stdout


def test_zones_that_nobody_names_are_a_guess_and_said_to_be_one() -> None:
    done = migrate("-", *ACCOUNT, given=config("{hostname: a.example.com, service: 'http://192.168.1.2'}", CATCH_ALL))
    assert yaml.safe_load(done.stdout)["config"]["culvert:zones"] == {"example.com": None}
    assert "example.com is a guess" in done.stderr


def test_ids_that_look_like_numbers_stay_texts() -> None:
    zone = "example.com=" + "1234567890" * 3 + "e5"
    given = config("{hostname: a.example.com, service: 'http://192.168.1.2'}", CATCH_ALL)
    assert f'example.com: "{"1234567890" * 3}e5"' in migrate("-", *ACCOUNT, "--zone", zone, given=given).stdout


def test_a_list_is_what_is_in_it() -> None:
    documents = list(yaml.safe_load_all((SAMPLES / "operator.yaml").read_text()))
    given = yaml.safe_dump({"apiVersion": "v1", "kind": "List", "items": documents})
    assert migrate("-", given=given).stdout == (GOLDEN / "operator.stack.yaml").read_text()


def test_one_of_several_tunnels_is_asked_for_by_name() -> None:
    documents = list(yaml.safe_load_all((SAMPLES / "operator.yaml").read_text()))
    elsewhere = {**documents[0], "kind": "Tunnel", "metadata": {"name": "elsewhere", "namespace": "lab"}}
    given = yaml.safe_dump_all([*documents, elsewhere])
    assert "k3s-tunnel, elsewhere: say with --tunnel which one" in migrate("-", given=given, fails=True).stderr
    done = migrate("-", "--tunnel", "elsewhere", given=given)
    assert [route["hostname"] for route in yaml.safe_load(done.stdout)["config"]["culvert:routes"]] == [
        "other.example.com"
    ]


@pytest.mark.parametrize(
    ("given", "options", "said"),
    [
        ("a: [", HOME, "- is no YAML"),
        ("a: b", HOME, "neither one config.yml of cloudflared"),
        ("just a text", HOME, "a document in it is no object"),
        (config(CATCH_ALL), [], "the account stands in none of the files"),
        (config(CATCH_ALL), HOME, "there is no route to carry over"),
        (config("{hostname: a.example.com, service: 'http://a'}"), ["--account-id", "12"], "no id of Cloudflare's"),
        (
            "{apiVersion: networking.cfargotunnel.com/v1alpha1, kind: TunnelBinding, metadata: {name: a}}",
            [],
            "there is no Tunnel or ClusterTunnel",
        ),
    ],
)
def test_what_cannot_become_a_stack_file_is_told_and_nothing_written(
    given: str, options: list[str], said: str, tmp_path: Path
) -> None:
    done = migrate("-", *options, "--to", str(tmp_path / "Pulumi.a.yaml"), given=given, fails=True)
    assert said in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [("1m30s", 90), ("30s", 30), (10, 10), ("1500ms", 1.5), ("2h", 7200), ("soon", None), ("", None), (True, None)],
)
def test_durations_are_read_as_go_reads_them(text: object, expected: float | None) -> None:
    assert seconds(text) == expected
