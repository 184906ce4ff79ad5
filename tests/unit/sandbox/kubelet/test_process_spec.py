"""Translation of a pod to a process."""

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
def test_a_field_is_read_by_its_path(path: str, value: str) -> None:
    assert process_spec.pod_field(POD, path) == value


@pytest.mark.parametrize(
    ("text", "translated"),
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
def test_mounted_paths_are_translated(text: str, translated: str) -> None:
    paths = {"/etc/a": Path("/new/a"), "/etc/a/deeper/": Path("/new/deeper")}
    assert process_spec.translate_path(text, paths) == translated


@pytest.mark.parametrize(
    ("text", "translated"),
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
def test_wildcard_addresses_become_the_pods_address(text: str, translated: str) -> None:
    assert process_spec.translate_address(text, "127.9.9.9", {2001: 4001}) == translated


@pytest.mark.parametrize(
    ("declared", "command"),
    [
        ({"args": ["tunnel", "run"]}, ["/cloudflared", "--no-autoupdate", "tunnel", "run"]),
        ({"command": ["cloudflared", "tunnel", "run"]}, ["/cloudflared", "tunnel", "run"]),
        ({"command": ["/usr/local/bin/cloudflared"], "args": ["version"]}, ["/cloudflared", "version"]),
        ({"command": ["sh", "-c", "x"]}, ["sh", "-c", "x"]),
    ],
)
def test_the_images_entry_point_applies_unless_the_pod_has_a_command(
    declared: dict[str, list[str]], command: list[str]
) -> None:
    assert process_spec.command_of(declared, {}, Path("/cloudflared")) == command


def test_the_hosts_settings_are_added_and_the_pods_transport_is_kept() -> None:
    host = process_spec.HostEnvironment(Path("/cloudflared"), (1, 2), Path("/ca.pem"), 3)
    declared = {"TUNNEL_TRANSPORT_PROTOCOL": "quic", "TUNNEL_POST_QUANTUM": "true"}
    environment = process_spec.add_host_settings(declared, POD, Path("/home"), host)
    assert {key: environment[key] for key in declared} == declared
    assert environment["TUNNEL_EDGE"] == "127.0.0.1:1,127.0.0.1:2"
    assert environment["HTTP_PROXY"] == environment["HTTPS_PROXY"] == "socks5://n:p@127.0.0.1:3"
