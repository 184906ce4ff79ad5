"""`python -m ops migrate --merge` with one input of each kind: what it writes passes `python -m sandbox check`."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox import cli as sandbox_cli
from tests.support.paths import FIXTURES
from tests.unit.ops.conftest import Ops

SAMPLES = FIXTURES / "migrate" / "samples"


@pytest.fixture
def migrated(ops: Ops, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, str]:
    """The stack file of all samples, and the whole report."""
    monkeypatch.chdir(SAMPLES)
    file, report = tmp_path / "Pulumi.mixed.yaml", tmp_path / "report.txt"
    done = ops("migrate", ".", "--merge", "--namespace", "home", "--to", str(file), "--report", str(report))
    assert done.status == 0, done.stderr
    return file, report.read_text()


def routes(file: Path) -> dict[tuple[str, str], dict[str, Any]]:
    found = yaml.safe_load(file.read_text())["config"]["culvert:routes"]
    return {(each["hostname"], each.get("path", {}).get("regex", "")): each for each in found}


def test_the_stack_file_of_a_mixed_input_is_accepted_by_check(
    migrated: tuple[Path, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["sandbox", "check", "--config", str(migrated[0])])
    with pytest.raises(SystemExit) as exited:
        sandbox_cli.run()
    assert exited.value.code in (0, None)
    assert "is valid" in capsys.readouterr().out


def test_every_kind_of_input_has_its_routes(migrated: tuple[Path, str]) -> None:
    found = routes(migrated[0])
    services = {key: each.get("service") or each["backend"]["service"] for key, each in found.items()}
    expected = {
        ("nas.example.com", ""): "https://192.168.1.20:5001",
        ("films.example.com", ""): "jellyfin",
        ("shop.example.com", "/cart"): "https://cart.store.svc.cluster.local:8443",
        ("blog.example.com", "/feed"): "http://feed.press.svc:8080",
        ("attic.example.com", ""): "http://attic.home.svc:8080",
        ("roof.example.com", ""): "http://traefik.kube-system.svc.cluster.local:80",
        ("vault.example.com", ""): "https://vault.safe.svc:8200",
        ("api.example.com", "^/v1"): "api",
    }
    assert {key: services[key] for key in expected} == expected
    assert found["shop.example.com", ""]["backend"]["targetPort"] == 3443


def test_the_options_of_one_tunnel_are_not_those_of_another(migrated: tuple[Path, str]) -> None:
    file, report = migrated
    found = routes(file)
    assert found["films.example.com", ""]["origin"]["connectTimeout"] == 10
    assert "origin" not in found["blog.example.com", "/feed"]
    assert "culvert:originDefaults" not in yaml.safe_load(file.read_text())["config"]
    assert "workload.yaml:31: connector.replicas: it is 2 here, and 3 at cloudflare-chart.yaml:15" in report
    assert "it has no effect with ssh" not in report


def test_every_file_is_reported_by_its_name_and_line(migrated: tuple[Path, str]) -> None:
    for file in SAMPLES.iterdir():
        assert f"- {file.name}:" in migrated[1]
