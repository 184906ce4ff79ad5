"""Servers that another version of culvert has started are recognised by what they report and answer."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox.directory import SandboxDirectory
from sandbox.errors import SandboxError
from sandbox.services.admin_api import AdminApi
from sandbox.services.servers import Servers
from sandbox.services.services import SandboxServices

ANOTHER = "another version of culvert started it. Stop it with: python -m sandbox down"


@pytest.fixture
def directory(tmp_path: Path) -> SandboxDirectory:
    return SandboxDirectory(tmp_path / "home").create()


@pytest.fixture
def running(directory: SandboxDirectory, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, object], Servers]:
    """`running(name, ports)`: servers among which `name` runs and has reported `ports`."""

    def run(name: str, ports: object) -> Servers:
        content = ports if isinstance(ports, str) else json.dumps(ports)
        (directory.path / "run" / f"{name}.port").write_text(content)
        servers = Servers(directory, print)
        monkeypatch.setattr(servers, "running", lambda asked: asked == name)
        return servers

    return run


# Before it was `frontend`, the key was `front`; a full disk may leave no content.
@pytest.mark.parametrize("ports", [{"front": 8088}, {}, "", [8088], {"frontend": None}])
def test_an_edge_that_does_not_report_its_frontend(
    directory: SandboxDirectory, running: Callable[[str, object], Servers], ports: object
) -> None:
    services = SandboxServices(directory, print)
    services._servers = running("edge", ports)
    with pytest.raises(SandboxError, match=ANOTHER) as caught:
        services.frontend()
    assert caught.value.message.startswith("the server 'edge' runs, but it does not report its port 'frontend'")


@pytest.mark.parametrize(
    ("reply", "difference"),
    [
        ((200, '{"calls": []}'), "its reply to /sandbox/calls has no 'mark'"),
        ((404, '{"detail": "Not Found"}'), "it does not know /sandbox/calls"),
    ],
)
def test_an_api_with_other_endpoints(
    directory: SandboxDirectory,
    running: Callable[[str, object], Servers],
    monkeypatch: pytest.MonkeyPatch,
    reply: tuple[int, str],
    difference: str,
) -> None:
    monkeypatch.setattr(AdminApi, "_reply", lambda *_call: reply)
    with pytest.raises(SandboxError, match=ANOTHER) as caught:
        AdminApi(directory, running("cloudflare", {"port": 1})).calls()
    assert caught.value.message.startswith(f"the server 'cloudflare' runs, but {difference}")


def test_an_api_that_does_not_answer_is_named_with_its_log(
    directory: SandboxDirectory, running: Callable[[str, object], Servers]
) -> None:
    with pytest.raises(SandboxError, match=r"does not answer .*logs/cloudflare\.log"):
        AdminApi(directory, running("cloudflare", {"port": 1})).calls()
