"""A whole reply has a limit of time and of size, also one that drips, and one that is compressed."""

import contextlib
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
from clients.limits import ReplyTooLarge, collect, time_limit, within

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
Serve = Callable[[bytes, bytes], str]
"""Answers one request at the returned address with bytes that are sent at once, and others that drip; without any, it
stays silent. A second connection is refused."""


@pytest.fixture
def serve() -> Iterator[Serve]:
    stop = threading.Event()

    def start(at_once: bytes, dripping: bytes) -> str:
        listener = socket.create_server(("127.0.0.1", 0))

        def answer() -> None:
            connection, _ = listener.accept()
            listener.close()
            with connection, contextlib.suppress(OSError):
                connection.recv(65536)
                connection.sendall(at_once)
                while (dripping or not at_once) and not stop.wait(0.02):
                    connection.sendall(dripping)

        threading.Thread(target=answer, daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield start
    stop.set()


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits of 0.3 seconds and 10,000 bytes."""
    monkeypatch.setenv("CULVERT_TIMEOUT", "0.3")
    monkeypatch.setattr(cloudflare, "LimitedClient", lambda **given: LimitedClient(limit=10_000, **given))
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
        (b"", b""),
    ],
    ids=["body", "chunks", "header", "headers", "nothing"],
)
@pytest.mark.usefixtures("short")
def test_a_reply_that_drips_or_stalls_is_given_up_and_the_server_not_asked_again(
    serve: Serve, at_once: bytes, dripping: bytes, read: str, tmp_path: Path
) -> None:
    ask = _reader(read, serve(at_once, dripping), tmp_path)
    late = r"does not answer: no complete reply within 0.3 s; CULVERT_TIMEOUT=30 waits longer"
    with pytest.raises(ApiUnreachable, match=late):
        ask()
    # A refused connection would be another error.
    with pytest.raises(ApiUnreachable, match=late):
        ask()


@pytest.mark.usefixtures("short")
def test_the_pages_of_a_list_share_one_limit() -> None:
    pages = 0

    def answer(_request: httpx.Request) -> httpx.Response:
        nonlocal pages
        pages += 1
        time.sleep(0.12)
        page = [{"id": f"{pages}-{number}"} for number in range(1000)]
        return httpx.Response(200, json={"success": True, "result": page})

    environ = {"CLOUDFLARE_API_TOKEN": "t", "CLOUDFLARE_BASE_URL": "http://api"}
    client = CloudflareApi(environ, http=LimitedClient(transport=httpx.MockTransport(answer)))
    with pytest.raises(ApiUnreachable, match=r"no complete reply within 0\.3 s"):
        client.records("z")
    assert pages <= 3


@pytest.mark.usefixtures("short")
def test_a_call_that_may_be_repeated_is_not_repeated_after_its_limit(serve: Serve) -> None:
    environ = {"CLOUDFLARE_API_TOKEN": "t", "CLOUDFLARE_BASE_URL": serve(b"", b"")}
    with pytest.raises(ApiUnreachable, match=r"no complete reply within 0\.3 s"):
        # The pause of the SDK before it repeats a call would fail this test.
        CloudflareApi(environ, retries=3).connectors("a", "t")


@pytest.mark.parametrize("text", ["soon", "0", "-1", "nan", "601", "inf"])
def test_a_limit_that_is_no_number_of_seconds_is_rejected(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CULVERT_TIMEOUT", text)
    with pytest.raises(ApiUnreachable, match=f"CULVERT_TIMEOUT is '{text}'") as refused:
        time_limit()
    assert refused.value.remedy == "set it to seconds, more than 0 and at most 600"


def test_the_limit_is_five_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CULVERT_TIMEOUT")
    assert time_limit() == 5


@pytest.mark.parametrize("read", ["rulesets", "pods"])
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.usefixtures("short")
def test_a_reply_that_is_too_large_is_given_up(serve: Serve, packed: bool, read: str, tmp_path: Path) -> None:
    body = gzip.compress(b" " * 1_000_000) if packed else b" " * 1_000_000
    encoding = b"Content-Encoding: gzip\r\n" if packed else b""
    head = HEAD + encoding + b"Content-Length: %d\r\n\r\n" % len(body)
    with pytest.raises(ApiUnreachable, match=r"does not answer: (RemoteProtocolError|ReplyTooLarge)"):
        _reader(read, serve(head + body, b""), tmp_path)()


def _reader(what: str, server: str, folder: Path) -> Callable[[], object]:
    """Asks one client for a list, again with each call."""
    if what == "rulesets":
        api = CloudflareApi({"CLOUDFLARE_API_TOKEN": "t", "CLOUDFLARE_BASE_URL": server})
        return lambda: api.records("z")
    kubeconfig = folder / "kubeconfig"
    kubeconfig.write_text(KUBECONFIG.format(server=server))
    cluster = KubernetesApi(str(kubeconfig))
    return lambda: cluster.items("/api/v1/pods")


def test_a_compressed_reply_is_read() -> None:
    reply = httpx.Response(200, content=gzip.compress(b"[1]"), headers={"content-encoding": "gzip"})
    client = LimitedClient(transport=httpx.MockTransport(lambda _request: reply))
    assert client.get("http://api").json() == [1]


def test_the_result_and_the_error_of_a_call_are_its_own() -> None:
    assert within(lambda: 5, 60) == 5
    with pytest.raises(KeyError, match="x"):
        within(lambda: {}["x"], 60)
    with pytest.raises(TimeoutError, match=r"no complete reply within 0\.01 s"):
        within(lambda: time.sleep(1), 0.01)


def test_pieces_are_collected_up_to_a_limit() -> None:
    assert collect([b"a", b"b"], 2) == b"ab"
    with pytest.raises(ReplyTooLarge, match="more than 1 bytes"):
        collect(iter([b"a", b"b"]), 1)
