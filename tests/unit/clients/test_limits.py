"""A whole reply has a limit of time and of size, also one that drips, and one that is compressed."""

import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from clients import cloudflare, kubernetes
from clients.cloudflare import CloudflareApi
from clients.errors import ApiUnreachable
from clients.kubernetes import KubernetesApi
from clients.limited_http import LimitedClient
from clients.limits import ReplyTooLarge, collect, within

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
Serve = Callable[[bytes, bytes], str]
"""Answers one request at the returned address with bytes that are sent at once, and others that drip."""


@pytest.fixture
def serve() -> Iterator[Serve]:
    stop, listeners = threading.Event(), list[socket.socket]()

    def start(at_once: bytes, dripping: bytes) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                try:
                    connection.sendall(at_once)
                    while dripping and not stop.wait(0.02):
                        connection.sendall(dripping)
                except OSError:
                    pass

        threading.Thread(target=answer, daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield start
    stop.set()
    for listener in listeners:
        listener.close()


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits of 0.3 seconds and 10,000 bytes."""
    monkeypatch.setattr(cloudflare, "LimitedClient", lambda **given: LimitedClient(seconds=0.3, limit=10_000, **given))
    monkeypatch.setattr(kubernetes, "within", lambda call: within(call, 0.3))
    monkeypatch.setattr(kubernetes, "collect", lambda pieces: collect(pieces, 10_000))


KUBECONFIG = """
apiVersion: v1
kind: Config
current-context: c
contexts: [{{name: c, context: {{cluster: c, user: u}}}}]
clusters: [{{name: c, cluster: {{server: "{server}"}}}}]
users: [{{name: u, user: {{}}}}]
"""


@pytest.mark.parametrize("read", ["rulesets", "pods"])
@pytest.mark.parametrize(
    ("at_once", "dripping"),
    [
        (HEAD + b"Content-Length: 100000\r\n\r\n", b" "),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
        (HEAD + b"X-A: ", b"a"),
        (HEAD, b"X-A: a\r\n"),
    ],
    ids=["body", "chunks", "header", "headers"],
)
@pytest.mark.usefixtures("short")
def test_a_reply_that_drips_is_given_up(
    serve: Serve, at_once: bytes, dripping: bytes, read: str, tmp_path: Path
) -> None:
    began = time.monotonic()
    with pytest.raises(ApiUnreachable, match=r"does not answer: (ReadTimeout|TimeoutError)"):
        _read(read, serve(at_once, dripping), tmp_path)
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("read", ["rulesets", "pods"])
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.usefixtures("short")
def test_a_reply_that_is_too_large_is_given_up(serve: Serve, packed: bool, read: str, tmp_path: Path) -> None:
    body = gzip.compress(b" " * 1_000_000) if packed else b" " * 1_000_000
    encoding = b"Content-Encoding: gzip\r\n" if packed else b""
    head = HEAD + encoding + b"Content-Length: %d\r\n\r\n" % len(body)
    with pytest.raises(ApiUnreachable, match=r"does not answer: (RemoteProtocolError|ReplyTooLarge)"):
        _read(read, serve(head + body, b""), tmp_path)


def _read(what: str, server: str, folder: Path) -> None:
    if what == "rulesets":
        CloudflareApi({"CLOUDFLARE_API_TOKEN": "t", "CLOUDFLARE_BASE_URL": server}).records("z")
    else:
        kubeconfig = folder / "kubeconfig"
        kubeconfig.write_text(KUBECONFIG.format(server=server))
        KubernetesApi(str(kubeconfig)).items("/api/v1/pods")


def test_a_compressed_reply_is_read() -> None:
    reply = httpx.Response(200, content=gzip.compress(b"[1]"), headers={"content-encoding": "gzip"})
    client = LimitedClient(transport=httpx.MockTransport(lambda _request: reply))
    assert client.get("http://api").json() == [1]


def test_the_result_and_the_error_of_a_call_are_its_own() -> None:
    assert within(lambda: 5) == 5
    with pytest.raises(KeyError, match="x"):
        within(lambda: {}["x"])
    with pytest.raises(TimeoutError, match="no complete reply within 0 s"):
        within(lambda: time.sleep(1), 0.01)


def test_pieces_are_collected_up_to_a_limit() -> None:
    assert collect([b"a", b"b"], 2) == b"ab"
    with pytest.raises(ReplyTooLarge, match="more than 1 bytes"):
        collect(iter([b"a", b"b"]), 1)
