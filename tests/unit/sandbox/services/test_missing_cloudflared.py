"""What a command says where there is no cloudflared."""

from pathlib import Path

import pytest

from sandbox import cluster
from sandbox.directory import SandboxDirectory
from sandbox.kubelet import cloudflared_binary
from sandbox.services import services as services_module
from sandbox.services.servers import Servers
from sandbox.services.services import SandboxServices
from sandbox.tools.download import Downloads, DownloadUnavailable


@pytest.fixture
def started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The servers that run; none is really started."""
    names: list[str] = []
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("CULVERT_CACHE", str(tmp_path / "cache"))
    for variable in ("CULVERT_CLOUDFLARED", "CULVERT_SANDBOX_KUBECONFIG"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(services_module, "choose_providers", dict)
    monkeypatch.setattr(Servers, "start_cluster", lambda *_, **_options: None)
    monkeypatch.setattr(cluster, "kubeconfig", lambda _: tmp_path / "kubeconfig")
    monkeypatch.setattr(Servers, "start_cloudflare", lambda _: names.append("cloudflare"))
    monkeypatch.setattr(Servers, "start_edge", lambda *_: None)
    monkeypatch.setattr(Servers, "start_providers", lambda *_: None)
    monkeypatch.setattr(SandboxServices, "_provider_environment", lambda _: {})
    monkeypatch.setattr(SandboxServices, "running", property(lambda _: "cloudflare" in names))
    return names


def test_only_the_command_that_starts_the_sandbox_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, started: list[str]
) -> None:
    def fetch(*_: object) -> None:
        raise DownloadUnavailable("github.com cannot be reached")

    monkeypatch.setattr(Downloads, "fetch", fetch)
    messages: list[str] = []
    services = SandboxServices(SandboxDirectory(tmp_path / "home"), messages.append)
    services.start()
    (message,) = messages
    first, second = message.splitlines()
    assert first == "cloudflared cannot be downloaded: github.com cannot be reached"
    assert second.startswith("The connector's pods are simulated, and visitors get error 1033.")
    services.start()
    assert messages == [message]
    assert cloudflared_binary.find() is None
    started.clear()
    services.start()
    assert messages == [message] * 2
