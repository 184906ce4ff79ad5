"""The API server that a kubeconfig leads to: its address, certificates, proxy and credentials, as kubectl reads them.

Reads what https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/ defines, and leaves none of its secrets in
temporary files. Not Kubernetes' client for Python, whose import takes longer than everything else that the program
does before its first resource (docs/decisions/kubeconfig-is-read-here.md).
"""

import base64
import ipaddress
import json
import os
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Any

import urllib3
from urllib3.util import parse_url
from urllib3.util.ssl_ import create_urllib3_context

from clients.errors import ApiUnreachable
from clients.reply_shape import documented_shape
from settings import json_text, yaml_nodes

USUAL_FILE = "~/.kube/config"
SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
TOKEN_FILE_SECONDS = 60
"""How long a token from a file is used before the file is read again: Kubernetes replaces those of pods."""
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_LOOK = "check the file that KUBECONFIG names: kubectl config view"
_EXEC = "client.authentication.k8s.io/exec"
"""Name of the part of a cluster's entry that is meant for credential plugins."""

Pem = str | Path
"""A certificate or key: its text, or the path of its file."""


@dataclass(frozen=True)
class Credentials:
    """The headers of every request, and a client certificate with its key."""

    headers: urllib3.HTTPHeaderDict
    certificate: tuple[Pem, Pem] | None
    expires: float
    """When they have to be read again, in seconds since the epoch."""


class ApiServer:
    """An API server, asked with the credentials of one context; safe to share between threads."""

    def __init__(self, cluster: "_Entry", user: "_Entry", connections: int = 10) -> None:
        self._cluster, self._user, self._connections = cluster, user, connections
        self.url = str(cluster.values["server"]).rstrip("/")
        if urllib.parse.urlsplit(self.url).scheme not in ("http", "https"):
            raise ValueError(self.url)
        self._lock = Lock()
        self._open()

    def request(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        *,
        headers: Mapping[str, str],
        body: str | None = None,
        timeout: float,
    ) -> urllib3.BaseHTTPResponse:
        """Asks once, without a retry; the reply's content is not read yet. `timeout` is that of the connection and of
        each piece, in seconds. Raises urllib3's HTTPError and OSError, and ApiUnreachable where credentials that
        expired cannot be renewed."""
        with self._lock:
            if time.time() >= self._credentials.expires:
                self._open()
            pool, sent = self.pool, self.headers.copy()
        sent.update({"User-Agent": "culvert", **headers})
        url = f"{self.url}{path}?{urllib.parse.urlencode(query, safe='/')}" if query else f"{self.url}{path}"
        return pool.request(method, url, headers=sent, body=body, timeout=timeout, retries=0, preload_content=False)

    def _open(self) -> None:
        self._credentials = _credentials(self._user, self._cluster)
        self.headers = self._credentials.headers
        """Headers with the credentials."""
        options: dict[str, Any] = {"maxsize": self._connections}
        if self.url.startswith("https:"):
            options["ssl_context"] = _tls(self._cluster, self._credentials.certificate)
            if name := self._cluster.values.get("tls-server-name"):
                options["server_hostname"] = name
        self.pool = _pool(self._cluster.values.get("proxy-url") or _proxy_of_environment(self.url), options)


def load(kubeconfig: str | None = None, context: str | None = None, connections: int = 10) -> ApiServer:
    """The API server of a context (default: the current one).

    `kubeconfig` is a path, several of them joined as in KUBECONFIG, or the content of a file; by default it is
    KUBECONFIG, else `~/.kube/config`, and without one the cluster that this runs in. Raises ApiUnreachable.
    """
    with documented_shape("the kubeconfig", _LOOK):
        cluster, user = _context(kubeconfig, context) or _own_cluster()
        try:
            return ApiServer(cluster, user, connections)
        except OSError as error:
            # The file of a certificate, key or token. The error's text names it.
            raise ApiUnreachable(f"the kubeconfig is not usable: {error}", _LOOK) from None


@dataclass(frozen=True)
class _Entry:
    """A cluster, user or context of a kubeconfig, and the folder that its paths are relative to."""

    values: Mapping[str, Any]
    folder: Path

    def path(self, key: str) -> Path | None:
        return self.folder / self.values[key] if self.values.get(key) else None

    def pem(self, key: str) -> Pem | None:
        """What is in `<key>-data`, else the path of the file."""
        data = self.values.get(f"{key}-data")
        return base64.b64decode(data).decode() if data else self.path(key)


def _context(kubeconfig: str | None, context: str | None) -> tuple[_Entry, _Entry] | None:
    """Cluster and user of a context; None where the usual kubeconfig is absent or has no current one."""
    entries: dict[str, dict[str, _Entry]] = {"clusters": {}, "users": {}, "contexts": {}}
    # As kubectl merges files: the first that has a name counts.
    for document, folder in _documents(kubeconfig):
        context = context or document.get("current-context")
        for kind, found in entries.items():
            for entry in document.get(kind) or []:
                found.setdefault(entry["name"], _Entry(entry.get(kind[:-1]) or {}, folder))
    if not context and kubeconfig:
        raise ApiUnreachable("the kubeconfig has no current context", _LOOK)
    if not context:
        return None
    if context not in entries["contexts"]:
        raise ApiUnreachable(f"no kubeconfig has a usable context {context}", _LOOK)

    def named(kind: str, name: str) -> _Entry:
        if name not in entries[kind]:
            raise ApiUnreachable(f"the kubeconfig has none of the {kind} {name}, which {context} names", _LOOK)
        return entries[kind][name]

    chosen = entries["contexts"][context].values
    user = chosen.get("user")
    return named("clusters", chosen["cluster"]), named("users", user) if user else _Entry({}, Path())


def _documents(kubeconfig: str | None) -> Iterator[tuple[Mapping[str, Any], Path]]:
    """The files of a kubeconfig, each with its folder."""
    try:
        content = yaml_nodes.documents(kubeconfig.encode()) if kubeconfig else []
        if content and isinstance(content[0], Mapping):
            yield content[0], Path()
            return
        for name in (kubeconfig or os.environ.get("KUBECONFIG") or USUAL_FILE).split(os.pathsep):
            path = Path(name).expanduser()
            if name and path.is_file():
                for document in yaml_nodes.documents(path.read_bytes())[:1]:
                    yield document or {}, path.absolute().parent
    except (OSError, yaml_nodes.YamlError) as error:
        raise ApiUnreachable(f"the kubeconfig cannot be read: {error}", _LOOK) from None


def _own_cluster() -> tuple[_Entry, _Entry]:
    """The cluster that this runs in, with the service account of its pod.

    https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/
    """
    host, port = (os.environ.get(f"KUBERNETES_SERVICE_{part}") for part in ("HOST", "PORT"))
    if not host or not port or not (SERVICE_ACCOUNT / "token").is_file():
        files = os.environ.get("KUBECONFIG") or USUAL_FILE
        reason = f"no cluster is configured: there is no kubeconfig with a current context ({files})"
        raise ApiUnreachable(reason, "set KUBECONFIG to a kubeconfig")
    server = f"https://{f'[{host}]' if ':' in host else host}:{port}"
    return (
        _Entry({"server": server, "certificate-authority": "ca.crt"}, SERVICE_ACCOUNT),
        _Entry({"tokenFile": "token"}, SERVICE_ACCOUNT),
    )


def _credentials(user: _Entry, cluster: _Entry) -> Credentials:
    """The credentials of a user, after running a credential plugin where the user has one."""
    values, token, expires = user.values, user.values.get("token"), float("inf")
    certificate, key = user.pem("client-certificate"), user.pem("client-key")
    if file := user.path("tokenFile"):
        token, expires = file.read_text().strip(), time.time() + TOKEN_FILE_SECONDS
    elif not token and values.get("exec"):
        status = _run_plugin(_Entry(values["exec"], user.folder), cluster)
        token = status.get("token")
        certificate = status.get("clientCertificateData") or certificate
        key = status.get("clientKeyData") or key
        if until := status.get("expirationTimestamp"):
            expires = datetime.fromisoformat(until).timestamp()
    elif not token and values.get("auth-provider"):
        token, expires = _token_of_provider(values["auth-provider"])
    headers = _impersonation(values)
    if token:
        headers["Authorization"] = f"Bearer {token}"
    elif "username" in values and "password" in values:
        headers.update(urllib3.make_headers(basic_auth=f"{values['username']}:{values['password']}"))
    return Credentials(headers, (certificate, key) if certificate and key else None, expires)


def _impersonation(user: Mapping[str, Any]) -> urllib3.HTTPHeaderDict:
    """https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation"""
    headers = urllib3.HTTPHeaderDict()
    headers.update({"Impersonate-User": user["as"]} if user.get("as") else {})
    headers.update({"Impersonate-Uid": user["as-uid"]} if user.get("as-uid") else {})
    extra = (user.get("as-user-extra") or {}).items()
    several = {f"Impersonate-Extra-{urllib.parse.quote(key, safe='')}": values for key, values in extra}
    for name, values in ({"Impersonate-Group": user.get("as-groups") or []} | several).items():
        for value in values:
            headers.add(name, value)
    return headers


def _run_plugin(plugin: _Entry, cluster: _Entry) -> Mapping[str, Any]:
    """The status that a credential plugin prints.

    https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins
    """
    values, version = plugin.values, plugin.values["apiVersion"]
    interactive = values.get("interactiveMode") != "Never" and sys.stdin is not None and sys.stdin.isatty()
    spec: dict[str, Any] = {"interactive": interactive}
    if values.get("provideClusterInfo"):
        spec["cluster"] = _cluster_info(cluster)
    variables = {each["name"]: each["value"] for each in values.get("env") or []}
    info = json.dumps({"apiVersion": version, "kind": "ExecCredential", "spec": spec})
    command = values["command"]
    # One with a folder is relative to the kubeconfig, any other is searched for in PATH.
    command = str(plugin.folder / command) if os.sep in command else command
    try:
        done = subprocess.run(
            [command, *(values.get("args") or [])],
            env={**os.environ, **variables, "KUBERNETES_EXEC_INFO": info},
            stdin=None if interactive else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=None if interactive else subprocess.PIPE,
            text=True,
        )
    except OSError as error:
        reason = f"the kubeconfig's credential plugin {command} cannot be run: {error.strerror}"
        raise ApiUnreachable(reason, values.get("installHint") or _LOOK) from None
    if done.returncode:
        last = (done.stderr or "").strip().rpartition("\n")[2]
        reason = f"the kubeconfig's credential plugin {command} ended with the exit code {done.returncode}"
        raise ApiUnreachable(f"{reason}: {last}" if last else reason, "run it, or any kubectl command, to see why")
    with documented_shape(f"what the kubeconfig's credential plugin {command} prints", _LOOK):
        answer = json_text.loads(done.stdout)
        if answer["kind"] != "ExecCredential" or answer["apiVersion"] != version:
            raise ValueError(answer["kind"])
        return answer["status"]


def _cluster_info(cluster: _Entry) -> dict[str, Any]:
    """The cluster as a credential plugin that asks for it is given it."""
    keys = ("server", "tls-server-name", "insecure-skip-tls-verify", "proxy-url", "disable-compression")
    info = {key: cluster.values[key] for key in keys if key in cluster.values}
    if authority := cluster.pem("certificate-authority"):
        text = authority.read_text() if isinstance(authority, Path) else authority
        info["certificate-authority-data"] = base64.b64encode(text.encode()).decode()
    extensions = (each for each in cluster.values.get("extensions") or [] if each["name"] == _EXEC)
    return info | {"config": own["extension"]} if (own := next(extensions, None)) else info


def _token_of_provider(provider: Mapping[str, Any]) -> tuple[str, float]:
    """The id token that kubectl keeps of an OpenID provider, and when it expires."""
    if provider["name"] != "oidc":
        raise ApiUnreachable(f"the auth-provider {provider['name']} is not supported by Kubernetes any more", _LOOK)
    token = provider["config"]["id-token"]
    claims = token.split(".")[1]
    expires = float(json_text.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["exp"])
    if expires <= time.time():
        raise ApiUnreachable("the id token of the kubeconfig has expired", "any kubectl command renews it")
    return token, expires


def _tls(cluster: _Entry, certificate: tuple[Pem, Pem] | None) -> ssl.SSLContext:
    verify = not cluster.values.get("insecure-skip-tls-verify")
    tls = create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED if verify else ssl.CERT_NONE)
    authority = cluster.pem("certificate-authority")
    if isinstance(authority, Path):
        tls.load_verify_locations(authority)
    elif authority:
        tls.load_verify_locations(cadata=authority)
    else:
        tls.load_default_certs()
    if certificate:
        with _files(*certificate) as (chain, key):
            tls.load_cert_chain(chain, key)
    return tls


@contextmanager
def _files(*contents: Pem) -> Iterator[list[str]]:
    """The paths of PEM texts: OpenSSL reads a client certificate from files alone. Nothing stays of them."""
    with tempfile.TemporaryDirectory(prefix="culvert-") as folder:
        paths = [Path(folder, str(index)) if isinstance(each, str) else each for index, each in enumerate(contents)]
        for path, content in zip(paths, contents, strict=True):
            if isinstance(content, str):
                path.write_text(content)
        yield [str(path) for path in paths]


def _pool(proxy: str | None, options: dict[str, Any]) -> urllib3.PoolManager:
    if not proxy:
        return urllib3.PoolManager(**options)
    if proxy.startswith("socks"):
        try:
            from urllib3.contrib.socks import SOCKSProxyManager
        except ImportError:
            reason = "the kubeconfig's proxy-url needs the package PySocks"
            raise ApiUnreachable(reason, "install it in the program's virtual environment") from None
        return SOCKSProxyManager(proxy, **options)
    login = parse_url(proxy).auth
    headers = urllib3.make_headers(proxy_basic_auth=urllib.parse.unquote(login)) if login else None
    return urllib3.ProxyManager(proxy, proxy_headers=headers, **options)


def _proxy_of_environment(url: str) -> str | None:
    """The proxy that the environment names for an address. One on this machine is reached without."""
    server, proxies = urllib.parse.urlsplit(url), urllib.request.getproxies()
    host = server.hostname or ""
    if host in _LOOPBACK or urllib.request.proxy_bypass(server.netloc) or _in_network(host, proxies.get("no", "")):
        return None
    return proxies.get(server.scheme) or proxies.get("all")


def _in_network(host: str, no_proxy: str) -> bool:
    """Whether an address is in one of the networks that NO_PROXY lists, which Python's own function does not read."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    for entry in no_proxy.split(","):
        try:
            if address in ipaddress.ip_network(entry.strip(), strict=False):
                return True
        except ValueError:
            continue
    return False
