"""From a pod to a process: what is translated, and what is not."""

from pathlib import Path

import pytest

from sandbox.kubelet import process_spec

POD = {
    "metadata": {"name": "p", "namespace": "n", "uid": "u", "labels": {"app.kubernetes.io/name": "x"}},
    "spec": {"nodeName": "node"},
    "status": {"podIP": "10.0.0.1"},
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("metadata.name", "p"),
        ("metadata.labels['app.kubernetes.io/name']", "x"),
        ("metadata.annotations['none']", ""),
        ("spec.nodeName", "node"),
        ("status.podIP", "10.0.0.1"),
        ("status.hostIP", ""),
    ],
)
def test_fields_are_read_as_they_are_named(path: str, value: str) -> None:
    assert process_spec.field(POD, path) == value


@pytest.mark.parametrize(
    ("text", "here"),
    [
        ("/etc/a", "/new/a"),
        ("/etc/a/token", "/new/a/token"),
        ("--token-file=/etc/a/token", "--token-file=/new/a/token"),
        ("/etc/a/deeper/x", "/new/deeper/x"),
        ("/etc/ab", "/etc/ab"),
        ("http://host/etc/a", "http://host/etc/a"),
        ("a:/etc/a", "a:/etc/a"),
    ],
)
def test_mounted_paths_are_found_where_they_lie_here(text: str, here: str) -> None:
    paths = {"/etc/a": Path("/new/a"), "/etc/a/deeper/": Path("/new/deeper")}
    assert process_spec.relocated(text, paths) == here


@pytest.mark.parametrize(
    ("text", "here"),
    [
        ("0.0.0.0:2000", "127.9.9.9:2000"),
        (":2000", "127.9.9.9:2000"),
        ("[::]:2000", "127.9.9.9:2000"),
        ("--metrics=0.0.0.0:2001", "--metrics=127.9.9.9:4001"),
        ("127.0.0.1:2000", "127.0.0.1:2000"),
        ("10.0.0.0:2000", "10.0.0.0:2000"),
        ("http://0.0.0.0:2000", "http://0.0.0.0:2000"),
    ],
)
def test_all_addresses_are_the_pods_own_here(text: str, here: str) -> None:
    assert process_spec.readdressed(text, "127.9.9.9", {2001: 4001}) == here


@pytest.mark.parametrize(
    ("declared", "command"),
    [
        ({"args": ["tunnel", "run"]}, ["/cloudflared", "--no-autoupdate", "tunnel", "run"]),
        ({"command": ["cloudflared", "tunnel", "run"]}, ["/cloudflared", "tunnel", "run"]),
        ({"command": ["/usr/local/bin/cloudflared"], "args": ["version"]}, ["/cloudflared", "version"]),
        ({"command": ["sh", "-c", "x"]}, ["sh", "-c", "x"]),
    ],
)
def test_the_images_entry_point_is_cloudflared_unless_the_pod_has_its_own(
    declared: dict[str, list[str]], command: list[str]
) -> None:
    assert process_spec.command_of(declared, {}, Path("/cloudflared")) == command


def test_the_surroundings_are_added_and_the_transport_stays_the_pods() -> None:
    around = process_spec.Surroundings(Path("/cloudflared"), (1, 2), Path("/ca.pem"), 3)
    given = {"TUNNEL_TRANSPORT_PROTOCOL": "quic", "TUNNEL_POST_QUANTUM": "true"}
    got = process_spec.surrounded(given, POD, Path("/home"), around)
    assert {key: got[key] for key in given} == given
    assert got["TUNNEL_EDGE"] == "127.0.0.1:1,127.0.0.1:2"
    assert got["HTTP_PROXY"] == got["HTTPS_PROXY"] == "socks5://n:p@127.0.0.1:3"
