"""A kubeconfig's certificates and keys are used, and left in no temporary file."""

import base64
import http.server
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
import yaml
from kubernetes.config.config_exception import ConfigException
from urllib3.exceptions import HTTPError

from clients.kubeconfig import load_client
from tests.support.paths import PROJECT


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def server(authority: trustme.CA) -> Iterator[str]:
    """A server on loopback that requires a client certificate; its address."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            del format, args

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    listening = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listening.socket = context.wrap_socket(listening.socket, server_side=True)
    threading.Thread(target=listening.serve_forever, args=(0.01,), daemon=True).start()
    yield f"https://127.0.0.1:{listening.server_port}"
    listening.shutdown()
    listening.server_close()


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for temporary files."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


def kubeconfig(server: str, authority: trustme.CA, **cluster: Any) -> dict[str, Any]:
    issued = authority.issue_cert("admin@example.com")
    data = {
        "client-certificate-data": b"".join(pem.bytes() for pem in issued.cert_chain_pems),
        "client-key-data": issued.private_key_pem.bytes(),
    }
    user = {key: base64.b64encode(value).decode() for key, value in data.items()}
    return {
        "clusters": [{"name": "one", "cluster": {"server": server, **cluster}}],
        "users": [{"name": "one", "user": user}],
        "contexts": [{"name": "one", "context": {"cluster": "one", "user": "one"}}],
        "current-context": "one",
    }


def _trust(authority: trustme.CA) -> dict[str, Any]:
    return {"certificate-authority-data": base64.b64encode(authority.cert_pem.bytes()).decode()}


def _status(content: dict[str, Any]) -> int:
    with load_client(content) as api:
        return api.call_api("GET", f"{api.configuration.host}/version").status


def test_certificates_are_used_and_leave_no_file(server: str, authority: trustme.CA, temporary: Path) -> None:
    content = kubeconfig(server, authority, **_trust(authority))
    for _ in range(2):  # the library remembers the temporary files of the first time
        assert _status(content) == 200
        assert list(temporary.iterdir()) == []


def test_a_server_of_another_authority_is_refused(server: str, authority: trustme.CA) -> None:
    for trust in (_trust(trustme.CA()), {}):
        with pytest.raises(HTTPError, match="certificate"):
            _status(kubeconfig(server, authority, **trust))


@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
def test_a_kubeconfig_can_switch_verification_off(server: str, authority: trustme.CA) -> None:
    assert _status(kubeconfig(server, authority, **{"insecure-skip-tls-verify": True})) == 200


def test_an_unusable_kubeconfig_leaves_no_file(authority: trustme.CA, temporary: Path) -> None:
    content = kubeconfig("https://127.0.0.1:1", authority, **{"certificate-authority": "missing.pem"})
    with pytest.raises(ConfigException, match="missing"):
        load_client(content)
    assert list(temporary.iterdir()) == []


def test_a_killed_process_leaves_no_file(
    authority: trustme.CA, temporary: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "kubeconfig"
    file.write_text(yaml.safe_dump(kubeconfig("https://127.0.0.1:1", authority, **_trust(authority))))
    monkeypatch.setenv("TMPDIR", str(temporary))
    program = (
        f"import os; from clients.kubeconfig import load_client; load_client({str(file)!r}); os.kill(os.getpid(), 9)"
    )
    assert subprocess.run([sys.executable, "-c", program], cwd=PROJECT).returncode == -9
    assert list(temporary.iterdir()) == []
