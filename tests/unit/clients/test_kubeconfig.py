"""A kubeconfig is read as kubectl reads it, and its certificates and keys are left in no temporary file."""

import base64
import http.server
import json
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
import urllib3
import yaml
from urllib3.exceptions import HTTPError

from clients import kubeconfig
from clients.errors import ApiUnreachable
from clients.kubeconfig import ApiServer, load
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
    authority.issue_cert("127.0.0.1", "cluster.internal").configure_cert(context)
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
    """An empty folder for temporary files, and an environment without a cluster or a proxy."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("KUBECONFIG", "KUBERNETES_SERVICE_HOST", "http_proxy", "https_proxy", "no_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    return folder


def content(
    server: str = "https://127.0.0.1:1", user: dict[str, Any] | None = None, name: str = "one", **cluster: Any
) -> dict[str, Any]:
    return {
        "clusters": [{"name": name, "cluster": {"server": server, **cluster}}],
        "users": [{"name": name, "user": user or {}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "current-context": name,
    }


def opened(*arguments: Any, **cluster: Any) -> ApiServer:
    return load(yaml.safe_dump(content(*arguments, **cluster)))


def headers(user: dict[str, Any]) -> dict[str, list[str]]:
    found = opened("https://127.0.0.1:1", user).headers
    return {name: found.getlist(name) for name in found}


def certified(authority: trustme.CA) -> dict[str, Any]:
    issued = authority.issue_cert("admin@example.com")
    data = {
        "client-certificate-data": b"".join(pem.bytes() for pem in issued.cert_chain_pems),
        "client-key-data": issued.private_key_pem.bytes(),
    }
    return {key: base64.b64encode(value).decode() for key, value in data.items()}


def trust(authority: trustme.CA) -> dict[str, Any]:
    return {"certificate-authority-data": base64.b64encode(authority.cert_pem.bytes()).decode()}


def status(api: ApiServer) -> int:
    return api.request("GET", "/version", headers={}, timeout=5).status


def test_certificates_are_used_and_leave_no_file(server: str, authority: trustme.CA, temporary: Path) -> None:
    assert status(opened(server, certified(authority), **trust(authority))) == 200
    assert list(temporary.iterdir()) == []


def test_paths_of_certificates_begin_at_the_kubeconfigs_folder(
    server: str, authority: trustme.CA, tmp_path: Path
) -> None:
    pems = {key.removesuffix("-data"): base64.b64decode(data) for key, data in certified(authority).items()}
    pems["certificate-authority"] = authority.cert_pem.bytes()
    for key, pem in pems.items():
        (tmp_path / f"{key}.pem").write_bytes(pem)
    paths = {key: f"{key}.pem" for key in pems}
    cluster = {"certificate-authority": paths.pop("certificate-authority")}
    file = tmp_path / "config"
    file.write_text(yaml.safe_dump(content(server, paths, **cluster)))
    assert status(load(str(file))) == 200


def test_a_server_of_another_authority_or_name_is_refused(server: str, authority: trustme.CA) -> None:
    other_name = {**trust(authority), "tls-server-name": "other.internal"}
    for cluster in (trust(trustme.CA()), {}, other_name):
        with pytest.raises(HTTPError, match="certificate"):
            status(opened(server, certified(authority), **cluster))


def test_the_server_may_have_another_name(server: str, authority: trustme.CA) -> None:
    named = opened(server, certified(authority), **trust(authority), **{"tls-server-name": "cluster.internal"})
    assert status(named) == 200


@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
def test_a_kubeconfig_can_switch_verification_off(server: str, authority: trustme.CA) -> None:
    assert status(opened(server, certified(authority), **{"insecure-skip-tls-verify": True})) == 200


def test_an_unusable_certificate_is_named_and_leaves_no_file(authority: trustme.CA, temporary: Path) -> None:
    with pytest.raises(ApiUnreachable, match=r"the kubeconfig is not usable: .*No such file"):
        opened("https://127.0.0.1:1", certified(authority), **{"certificate-authority": "missing.pem"})
    nonsense = base64.b64encode(b"nonsense").decode()
    with pytest.raises(ApiUnreachable, match="the kubeconfig is not usable"):
        opened("https://127.0.0.1:1", {"client-certificate-data": nonsense, "client-key-data": nonsense})
    assert list(temporary.iterdir()) == []


def test_a_killed_process_leaves_no_file(
    authority: trustme.CA, temporary: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "kubeconfig"
    file.write_text(yaml.safe_dump(content("https://127.0.0.1:1", certified(authority), **trust(authority))))
    monkeypatch.setenv("TMPDIR", str(temporary))
    program = f"import os; from clients.kubeconfig import load; load({str(file)!r}); os.kill(os.getpid(), 9)"
    assert subprocess.run([sys.executable, "-c", program], cwd=PROJECT).returncode == -9
    assert list(temporary.iterdir()) == []


def test_the_first_of_several_files_that_has_a_name_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = content("https://127.0.0.1:1"), content("https://127.0.0.1:2", name="two")
    two["clusters"] += content("https://127.0.0.1:3")["clusters"]
    for name, each in (("a", one), ("b", two), ("empty", None)):
        (tmp_path / name).write_text(yaml.safe_dump(each) if each else "")
    monkeypatch.setenv("KUBECONFIG", ":".join(f"~/{name}" for name in ("absent", "empty", "a", "b")))
    assert [load(context=context).url[-1] for context in (None, "one", "two")] == ["1", "1", "2"]


def test_what_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    incomplete = content()
    incomplete |= {"contexts": [{"name": "one", "context": {"cluster": "one", "user": "two"}}]}
    for text, expected in (
        (yaml.safe_dump(incomplete), "has none of the users two, which one names"),
        (yaml.safe_dump({**incomplete, "clusters": None}), "has none of the clusters one, which one names"),
        (yaml.safe_dump({**content(), "current-context": ""}), "has no current context"),
        (yaml.safe_dump({**content(), "current-context": "three"}), "has a usable context three"),
    ):
        with pytest.raises(ApiUnreachable, match=expected):
            load(text)
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "absent"))
    with pytest.raises(ApiUnreachable, match=r"no cluster is configured: .*/absent"):
        load()
    with pytest.raises(ApiUnreachable, match="no kubeconfig has a usable context one"):
        load(context="one")


def test_a_token_a_password_and_another_user_are_headers(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from-file\n")
    assert headers({}) == {}
    assert headers({"token": "a"}) == {"Authorization": ["Bearer a"]}
    assert headers({"token": "a", "tokenFile": str(tmp_path / "token")}) == {"Authorization": ["Bearer from-file"]}
    login = base64.b64encode(b"me:secret").decode()
    assert headers({"username": "me", "password": "secret"}) == {"authorization": [f"Basic {login}"]}
    impersonated = {"as": "you", "as-uid": "5", "as-groups": ["a", "b"], "as-user-extra": {"a/b": ["c", "d"]}}
    assert headers({"token": "a", **impersonated}) == {
        "Impersonate-User": ["you"],
        "Impersonate-Uid": ["5"],
        "Impersonate-Group": ["a", "b"],
        "Impersonate-Extra-a%2Fb": ["c", "d"],
        "Authorization": ["Bearer a"],
    }


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The requests of urllib3, which are answered without a server."""
    requests: list[dict[str, Any]] = []

    def request(_pool: object, method: str, url: str, **options: Any) -> urllib3.HTTPResponse:
        requests.append({"method": method, "url": url, **options})
        return urllib3.HTTPResponse(b"", preload_content=False)

    monkeypatch.setattr(urllib3.PoolManager, "request", request)
    return requests


def test_a_token_file_is_read_again_after_a_while(
    tmp_path: Path, asked: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "token").write_text("first")
    api = opened("https://127.0.0.1:1", {"tokenFile": str(tmp_path / "token")})
    (tmp_path / "token").write_text("second")
    status(api)
    now = time.time()
    monkeypatch.setattr("time.time", lambda: now + 61)
    status(api)
    assert [each["headers"]["Authorization"] for each in asked] == ["Bearer first", "Bearer second"]


def test_in_a_pod_without_a_kubeconfig_its_service_account_is_used(
    tmp_path: Path, authority: trustme.CA, asked: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "token").write_text("t")
    (tmp_path / "ca.crt").write_bytes(authority.cert_pem.bytes())
    monkeypatch.setattr(kubeconfig, "SERVICE_ACCOUNT", tmp_path)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "fd00::1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    status(load())
    assert asked[0]["url"] == "https://[fd00::1]:443/version"
    assert asked[0]["headers"]["Authorization"] == "Bearer t"
    with pytest.raises(ApiUnreachable, match="no kubeconfig has a usable context one"):
        load(context="one")


PLUGIN = """#!{python}
import json, os, sys
counter = os.environ["COUNTER"]
open(counter, "a").write("x")
info = json.loads(os.environ["KUBERNETES_EXEC_INFO"])
print(json.dumps({{**info, "status": {{
    "token": f"{{len(open(counter).read())}} {{sys.argv[1:]}} {{info['spec']}}",
    "expirationTimestamp": os.environ.get("UNTIL"),
}}}}))
"""


def plugin(folder: Path, text: str = PLUGIN, **variables: str) -> dict[str, Any]:
    file = folder / "plugin"
    file.write_text(text.format(python=sys.executable))
    file.chmod(0o755)
    env = [{"name": key, "value": value} for key, value in {"COUNTER": str(folder / "counter"), **variables}.items()]
    return {"apiVersion": "client.authentication.k8s.io/v1", "command": "./plugin", "args": ["a", "b"], "env": env}


def run(user: dict[str, Any], folder: Path, **cluster: Any) -> ApiServer:
    """The API server of a kubeconfig in `folder`, where the plugin is."""
    file = folder / "config"
    file.write_text(yaml.safe_dump(content("https://127.0.0.1:1", {"exec": user}, **cluster)))
    return load(str(file))


def test_a_credential_plugin_is_run_once_until_what_it_gave_expires(
    tmp_path: Path, asked: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    api = run(plugin(tmp_path, UNTIL="2999-01-01T00:00:00Z"), tmp_path)
    status(api)
    status(api)
    monkeypatch.setattr("time.time", lambda: 4e10)
    status(api)
    tokens = [f"Bearer {count} ['a', 'b'] {{'interactive': False}}" for count in (1, 1, 2)]
    assert [each["headers"]["Authorization"] for each in asked] == tokens


def test_a_credential_plugin_learns_about_the_cluster_where_it_asks(tmp_path: Path, authority: trustme.CA) -> None:
    (tmp_path / "ca.pem").write_bytes(authority.cert_pem.bytes())
    extensions = [{"name": "client.authentication.k8s.io/exec", "extension": {"audience": "a"}}, {"name": "other"}]
    cluster = {"certificate-authority": "ca.pem", "tls-server-name": "c", "extensions": extensions}
    token = run({**plugin(tmp_path), "provideClusterInfo": True}, tmp_path, **cluster).headers["Authorization"]
    assert (
        "'cluster': "
        + str(
            {"server": "https://127.0.0.1:1", "tls-server-name": "c", **trust(authority), "config": {"audience": "a"}}
        )
        in token
    )


def test_a_credential_plugin_may_give_a_certificate(server: str, authority: trustme.CA, tmp_path: Path) -> None:
    given = {key: base64.b64decode(value).decode() for key, value in certified(authority).items()}
    answer = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "kind": "ExecCredential",
        "status": {
            "clientCertificateData": given["client-certificate-data"],
            "clientKeyData": given["client-key-data"],
        },
    }
    (tmp_path / "answer").write_text(json.dumps(answer))
    command = {"apiVersion": answer["apiVersion"], "command": "cat", "args": [str(tmp_path / "answer")]}
    assert status(opened(server, {"exec": command}, **trust(authority))) == 200


def test_what_is_wrong_with_a_credential_plugin_is_reported(tmp_path: Path) -> None:
    works = plugin(tmp_path)
    with pytest.raises(ApiUnreachable, match="plugin not-there cannot be run: No such file") as error:
        run({**works, "command": "not-there", "installHint": "install it"}, tmp_path)
    assert error.value.remedy == "install it"
    for script, expected in (
        ("echo first >&2; echo log in again >&2; exit 3", "ended with the exit code 3: log in again"),
        ("echo secret", r"plugin \S+/plugin prints has another shape than documented"),
        ("echo '{{}}'", "prints has another shape"),
        ('echo \'{{"kind": "ExecCredential", "apiVersion": "v0", "status": {{}}}}\'', "prints has another shape"),
    ):
        with pytest.raises(ApiUnreachable, match=expected) as error:
            run(plugin(tmp_path, f"#!/bin/sh\n{script}\n"), tmp_path)
        assert "secret" not in str(error.value)


def test_the_id_token_of_an_openid_provider_is_used_until_it_expires() -> None:
    def user(expires: float) -> dict[str, Any]:
        claims = base64.urlsafe_b64encode(json.dumps({"exp": expires}).encode()).decode().rstrip("=")
        return {"auth-provider": {"name": "oidc", "config": {"id-token": f"a.{claims}.b"}}}

    valid = user(time.time() + 60)
    assert headers(valid) == {"Authorization": [f"Bearer {valid['auth-provider']['config']['id-token']}"]}
    with pytest.raises(ApiUnreachable, match="has expired") as error:
        headers(user(time.time() - 60))
    assert error.value.remedy == "any kubectl command renews it"
    with pytest.raises(ApiUnreachable, match="auth-provider gcp is not supported"):
        headers({"auth-provider": {"name": "gcp"}})


@pytest.mark.parametrize(
    ("server", "environment", "cluster", "proxy"),
    [
        ("https://c.internal", {}, {}, None),
        ("https://c.internal", {"HTTPS_PROXY": "http://p:1"}, {}, "http://p:1"),
        ("http://c.internal", {"HTTPS_PROXY": "http://p:1"}, {}, None),
        ("https://c.internal", {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "a, .internal"}, {}, None),
        ("https://10.1.2.3:6443", {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "a,10.0.0.0/8"}, {}, None),
        ("https://11.1.2.3:6443", {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "a,10.0.0.0/8"}, {}, "http://p:1"),
        ("https://127.0.0.1:6443", {"HTTPS_PROXY": "http://p:1"}, {}, None),
        ("https://127.0.0.1:6443", {}, {"proxy-url": "http://me:s%20@q:2"}, "http://me:s%20@q:2"),
        ("https://c.internal", {"HTTPS_PROXY": "http://p:1"}, {"proxy-url": "https://q:2"}, "https://q:2"),
    ],
)
def test_the_proxy_is_the_clusters_or_that_of_the_environment(
    server: str,
    environment: dict[str, str],
    cluster: dict[str, str],
    proxy: str | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    pool = opened(server, **cluster).pool
    assert (pool.proxy.url if pool.proxy else None) == proxy
    if proxy and "@" in proxy:
        login = base64.b64encode(b"me:s ").decode()
        assert isinstance(pool, urllib3.ProxyManager)
        assert pool.proxy_headers["proxy-authorization"] == f"Basic {login}"


@pytest.mark.filterwarnings("ignore:SOCKS support in urllib3")
def test_a_socks_proxy_names_the_package_that_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "socks", None)
    monkeypatch.delitem(sys.modules, "urllib3.contrib.socks", raising=False)
    with pytest.raises(ApiUnreachable, match="needs the package PySocks"):
        opened("https://c.internal", **{"proxy-url": "socks5://127.0.0.1:1080"})
