"""The alternative without Cloudflare: `ssh -R` under autossh to an OpenSSH server, on loopback, with like failures."""

import getpass
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from scripts.benchmark.load import Load, clients
from scripts.benchmark.tunnel import MARGIN, RECOVERY

PROGRAMS = {"sshd": "openssh-server", "ssh": "openssh-client", "ssh-keygen": "openssh-client", "autossh": "autossh"}
"""The programs, with their Debian packages."""


def rows() -> Iterator[tuple[str, Load]]:
    """The changes and failures that `ssh -R` has a counterpart for. Raises RuntimeError where a program is missing."""
    missing = [f"{program} (package {package})" for program, package in PROGRAMS.items() if not _which(program)]
    if missing:
        raise RuntimeError(f"not installed: {', '.join(missing)}")
    with tempfile.TemporaryDirectory(prefix="culvert-bench-") as name, _site() as site:
        folder, public = Path(name), _port()
        with _server(folder) as server:
            client = _client(folder, server, public, site)
            try:
                _wait_until_open(public)
                for event, action in (
                    ("client replaced, as pods roll", lambda: _replace(client, folder, server, public, site)),
                    ("ssh client killed", lambda: _kill(client[0])),
                    ("server's end of the connection killed", lambda: _kill_session(folder)),
                ):
                    yield event, _under_load(public, action)
            finally:
                _stop(client[0])


def _under_load(port: int, action: Callable[[], None]) -> Load:
    with clients(f"http://127.0.0.1:{port}/", "localhost") as load:
        time.sleep(MARGIN)
        action()
        time.sleep(RECOVERY)
    return load


@contextmanager
def _site() -> Iterator[int]:
    """A small site, like the sandbox's sample site."""
    port = _port()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "index.html").write_text("<h1>It works</h1>")
        command = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1", "--directory", folder]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            yield port
        finally:
            process.terminate()
            process.wait()


@contextmanager
def _server(folder: Path) -> Iterator[int]:
    """An SSH server for this user only, with keys of its own."""
    for key in ("host", "user"):
        subprocess.run([str(_which("ssh-keygen")), "-q", "-t", "ed25519", "-N", "", "-f", folder / key], check=True)
    shutil.copy(folder / "user.pub", folder / "authorized")
    port = _port()
    (folder / "sshd_config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nAuthorizedKeysFile {folder}/authorized\n"
        f"PidFile {folder}/sshd.pid\nStrictModes no\nUsePAM no\nPasswordAuthentication no\n"
        "ClientAliveInterval 5\nClientAliveCountMax 2\nPermitRootLogin prohibit-password\n"
    )
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    process = subprocess.Popen([str(_which("sshd")), "-D", "-f", folder / "sshd_config"], stderr=subprocess.DEVNULL)
    try:
        yield port
    finally:
        process.terminate()
        process.wait()


def _client(folder: Path, server: int, public: int, site: int) -> list[subprocess.Popen[bytes]]:
    """autossh, as the only item of a list, in which `_replace` replaces it."""
    options = ["ServerAliveInterval=5", "ServerAliveCountMax=2", "ExitOnForwardFailure=yes", "StrictHostKeyChecking=no"]
    command = [
        str(_which("autossh")),
        "-M",
        "0",
        "-N",
        "-p",
        str(server),
        "-i",
        str(folder / "user"),
        "-F",
        "/dev/null",
    ]
    for option in [*options, f"UserKnownHostsFile={folder}/known"]:
        command += ["-o", option]
    command += ["-R", f"127.0.0.1:{public}:127.0.0.1:{site}", f"{getpass.getuser()}@127.0.0.1"]
    # 0: autossh also retries where its first connection lasts less than half a minute.
    env = {**os.environ, "AUTOSSH_GATETIME": "0", "AUTOSSH_POLL": "5"}
    return [subprocess.Popen(command, env=env, stderr=subprocess.DEVNULL)]


def _replace(client: list[subprocess.Popen[bytes]], folder: Path, server: int, public: int, site: int) -> None:
    # Only one connection can have the port, so the old one must end before the new one begins.
    _stop(client[0])
    client[:] = _client(folder, server, public, site)


def _kill(client: subprocess.Popen[bytes]) -> None:
    for process in psutil.Process(client.pid).children():
        process.kill()


def _kill_session(folder: Path) -> None:
    server = psutil.Process(int((folder / "sshd.pid").read_text()))
    for process in server.children(recursive=True):
        process.kill()


def _stop(client: subprocess.Popen[bytes]) -> None:
    client.terminate()
    client.wait()


def _wait_until_open(port: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with socket.socket() as attempt:
            if attempt.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError("the forwarded port did not open within 30 seconds")


def _which(program: str) -> str | None:
    return shutil.which(program, path=f"{os.environ.get('PATH', '')}{os.pathsep}/usr/sbin")


def _port() -> int:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return unused.getsockname()[1]
