"""Configurations of tunnels: stored as sent, versioned, and validated as by a connector."""

from typing import Any

import pytest
import re2
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.cloudflare.resources import configuration_validation
from tests.support.emulator import TUNNELS, Emulator, refusal

CATCH_ALL = {"service": "http_status:404"}


def problem(*ingress: Any, **others: Any) -> str:
    """The connector's error for these ingress rules, "" if it accepts them."""
    try:
        configuration_validation.check(
            configuration_validation.Configuration.model_validate({"ingress": list(ingress), **others})
        )
    except ValueError as error:
        return str(error)
    return ""


def put(emulator: Emulator, tunnel: str, config: Any) -> Any:
    return emulator.call("PUT", f"{TUNNELS}/{tunnel}/configurations", {"config": config, "source": "cloudflare"})


def test_a_configuration_is_stored_as_sent_and_its_version_rises(emulator: Emulator) -> None:
    tunnel = emulator.tunnel()
    config = {
        "ingress": [
            {"hostname": "a.example.com", "service": "http://a:80", "originRequest": {"noTLSVerify": False}},
            CATCH_ALL,
        ],
        "originRequest": {"connectTimeout": 5},
    }
    before = emulator.done("GET", f"{TUNNELS}/{tunnel}/configurations")
    written = [put(emulator, tunnel, config).json()["result"] for _ in range(2)]
    after = emulator.done("GET", f"{TUNNELS}/{tunnel}/configurations")
    assert (before["version"], before["config"]) == (0, None)
    assert [each["version"] for each in written] == [1, 2]
    assert after == written[1]
    assert after["config"] == {**config, "warp-routing": {"enabled": False}}


def test_a_rejected_configuration_leaves_the_old_one(emulator: Emulator) -> None:
    tunnel = emulator.tunnel()
    kept = put(emulator, tunnel, {"ingress": [CATCH_ALL]}).json()["result"]
    reply = put(emulator, tunnel, {"ingress": [{"hostname": "a.example.com", "service": "http://a"}]})
    assert refusal(reply) == (400, 1056)
    assert "The last ingress rule must match all URLs" in reply.json()["errors"][0]["message"]
    assert emulator.done("GET", f"{TUNNELS}/{tunnel}/configurations") == kept


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", (400, 1030)),
        (b"{", (400, 1030)),
        ([], (400, 1030)),
        ({}, (400, 1056)),
        ({"config": []}, (400, 1056)),
        ({"config": None}, (400, 1056)),
        ({"config": {"ingress": {}}}, (400, 1056)),
        ({"config": {"ingress": ["http://a"]}}, (400, 1056)),
        ({"config": {"ingresses": [CATCH_ALL]}}, (400, 1056)),
        ({"config": {"ingress": [CATCH_ALL]}, "source": 7}, (400, 1056)),
    ],
)
def test_a_malformed_configuration_is_refused(emulator: Emulator, body: Any, expected: tuple[int, int]) -> None:
    tunnel = emulator.tunnel()
    assert refusal(emulator.call("PUT", f"{TUNNELS}/{tunnel}/configurations", body)) == expected


@pytest.mark.parametrize("config", [{}, {"ingress": []}, {"ingress": None}, {"ingress": [CATCH_ALL]}])
def test_a_configuration_without_ingress_rules_is_accepted(emulator: Emulator, config: Any) -> None:
    assert put(emulator, emulator.tunnel(), config).status_code == 200


@pytest.mark.parametrize(
    ("hostname", "path", "words"),
    [
        ("a.example.com", None, ""),
        ("*.example.com", None, ""),
        (None, "/a", ""),
        ("*", "/a", ""),
        ("a.example.com:8080", None, "cannot contain a port"),
        ("a.example.com:", None, "cannot contain a port"),
        (":80", "/a", "cannot contain a port"),
        ("[::1]:80", None, "cannot contain a port"),
        ("a.*.example.com", None, "at most one wildcard"),
        ("**.example.com", None, "at most one wildcard"),
        (None, None, "match every hostname"),
        ("", "", "match every hostname"),
        ("*", None, "match every hostname"),
    ],
)
def test_hostnames_are_validated_as_by_the_connector(hostname: str | None, path: str | None, words: str) -> None:
    found = problem({"hostname": hostname, "path": path, "service": "http://a"}, CATCH_ALL)
    assert words in found
    assert bool(words) == bool(found)


@pytest.mark.parametrize(
    ("last", "accepted"),
    [
        ({"service": "http://a"}, True),
        ({"hostname": "*", "service": "http://a"}, True),
        ({"hostname": "", "path": "", "service": "http://a"}, True),
        ({"hostname": "a.example.com", "service": "http://a"}, False),
        ({"path": "/a", "service": "http://a"}, False),
        ({"hostname": "*", "path": ".*", "service": "http://a"}, False),
        ({"hostname": "*.com", "service": "http://a"}, False),
    ],
)
def test_the_last_rule_must_match_everything(last: dict[str, str], accepted: bool) -> None:
    assert (problem(last) == "") is accepted


@pytest.mark.parametrize(
    "service",
    [
        *("http://a", "https://a.b.svc.cluster.local:443", "HTTP://A", "ws://a", "wss://a:1", "tcp://a:22", "ssh://a"),
        *(
            "rdp://a:3389",
            "smb://a:445",
            "http://[::1]:80",
            "http://[fe80::1%25eth0]",
            "http://user:pw@a",
            "http://a?x=1",
        ),
        *("http://a#b", "http://a:", "http://a:99999", "http://ü", "anything://a", "unix:/run/a.sock", "unix:"),
        *("unix+tls:/run/a.sock", "http_status:404", "http_status:100", "http_status:999", "http_status:+404"),
        *("hello_world", "hello-world", "bastion", "socks-proxy"),
    ],
)
def test_services_the_connector_accepts_are_accepted(service: str) -> None:
    assert problem({"hostname": "a.example.com", "service": service}, CATCH_ALL) == ""


@pytest.mark.parametrize(
    "service",
    [
        *(
            "",
            "a",
            "a:80",
            "localhost:8080",
            "//a",
            "http:",
            "http://",
            "http:///x",
            "http://:80",
            "http:a",
            "1http://a",
        ),
        *("http://a/", "http://a/b", "https://a:443/b", "tcp://a:22/", "http://a:b", "http://a:80:80", "http://a b"),
        *(
            "http://a%zz",
            "http://a%20b",
            "http://a|b",
            "http://[::1",
            "http://::1",
            "http://[a]",
            "http://[1:2]",
            "http://a\x01",
            "http://a?\x01",
            "http://a#\x7f",
        ),
        *("http://u@v@w|x", "http_status:", "http_status:99", "http_status:1000", "http_status:abc", "http_status:4_4"),
        "http_status:" + "4" * 5000,
        "http_status:" + "0" * 5000 + "404",
        *("http_status: 404", "http_status:-200", "hello world", "Bastion", "socks", "http-status:404"),
    ],
)
def test_services_the_connector_rejects_are_rejected(service: str) -> None:
    assert problem({"hostname": "a.example.com", "service": service}, CATCH_ALL)


@pytest.mark.parametrize(
    ("path", "accepted"),
    [
        ("/api", True),
        ("^/v1(/|$)", True),
        (r"\.(jpg|png)$", True),
        (r"\Q.\E", True),
        ("(?P<n>a)", True),
        ("(?i)a", True),
        ("[[:word:]]", True),
        (r"\pL", True),
        ("(", False),
        ("[", False),
        ("*", False),
        ("a{1001}", False),
        ("(?=a)", False),
        ("(?<!a)b", False),
        (r"(a)\1", False),
        ("a++", False),
        (r"\Z", False),
        (r"\C", False),
        (r"a\\\C", False),
        (r"\\C", True),
    ],
)
def test_paths_are_go_regular_expressions(path: str, accepted: bool) -> None:
    assert (problem({"hostname": "a.example.com", "path": path, "service": "http://a"}, CATCH_ALL) == "") is accepted


@pytest.mark.parametrize(
    ("access", "accepted"),
    [
        ({"required": True, "teamName": "t", "audTag": ["a"]}, True),
        ({"required": True, "teamName": "", "audTag": []}, True),
        ({"required": False, "teamName": "", "audTag": ["a"]}, True),
        ({"required": True, "teamName": "", "audTag": ["a"]}, False),
        ({"required": True, "audTag": ["a"]}, False),
        ({"required": "yes"}, False),
        ({"audTag": "a"}, False),
    ],
)
def test_required_access_with_audience_tags_needs_a_team(access: dict[str, Any], accepted: bool) -> None:
    rule = {"hostname": "a.example.com", "service": "http://a", "originRequest": {"access": access}}
    assert (problem(rule, CATCH_ALL) == "") is accepted


@pytest.mark.parametrize(
    ("options", "accepted"),
    [
        ({"connectTimeout": 30, "tlsTimeout": 0, "tcpKeepAlive": -1, "keepAliveTimeout": 90}, True),
        ({"connectTimeout": None, "access": None}, True),
        ({"keepAliveConnections": 2**63}, False),
        ({"keepAliveConnections": -1, "http2Origin": True, "matchSNItoHost": True, "caPool": "/a"}, True),
        ({"proxyType": "socks", "proxyPort": 0, "ipRules": []}, True),
        ({"connectTimeout": "30s"}, False),
        ({"connectTimeout": 1.5}, False),
        ({"connectTimeout": 30.0}, False),
        ({"connectTimeout": True}, False),
        ({"connectTimeout": 2**63}, False),
        ({"noTLSVerify": "true"}, False),
        ({"noTLSVerify": 1}, False),
        ({"httpHostHeader": 7}, False),
        ({"proxyPort": -1}, False),
        ({"connect_timeout": 30}, False),
        ({"noTlsVerify": True}, False),
    ],
)
def test_origin_options_are_typed_per_rule_and_globally(options: dict[str, Any], accepted: bool) -> None:
    rule = {"hostname": "a.example.com", "service": "http://a", "originRequest": options}
    assert (problem(rule, CATCH_ALL) == "") is accepted
    assert (problem(CATCH_ALL, originRequest=options) == "") is accepted


@pytest.mark.parametrize(
    ("ip_rule", "accepted"),
    [
        ({"prefix": "10.0.0.0/8", "ports": [80, 443], "allow": True}, True),
        ({"prefix": "10.1.2.3/8", "allow": False}, True),
        ({"prefix": "fc00::/7", "ports": []}, True),
        ({"prefix": "10.0.0.1"}, False),
        ({"prefix": "10.0.0.0/255.0.0.0"}, False),
        ({"prefix": "10.0.0.0/33"}, False),
        ({"prefix": ""}, False),
        ({"ports": [80]}, False),
        ({"prefix": "10.0.0.0/8", "ports": [0]}, False),
        ({"prefix": "10.0.0.0/8", "ports": [65536]}, False),
    ],
)
def test_a_socks_proxy_needs_valid_ip_rules(ip_rule: dict[str, Any], accepted: bool) -> None:
    rule = {"hostname": "a.example.com", "service": "socks-proxy", "originRequest": {"ipRules": [ip_rule]}}
    assert (problem(rule, CATCH_ALL) == "") is accepted


def test_bastion_mode_disables_the_check_of_the_service() -> None:
    assert problem({"service": "nonsense", "originRequest": {"bastionMode": True}}) == ""
    assert problem({"service": "nonsense"}, originRequest={"bastionMode": True}) == ""
    assert problem(
        {"service": "nonsense", "originRequest": {"bastionMode": False}}, originRequest={"bastionMode": True}
    )


@settings(deadline=None)
@given(st.text(alphabet=st.sampled_from("ab()[]{}*+?|^$\\.-=!<>PQEC0123,:'é"), max_size=12))
def test_an_accepted_path_is_a_regular_expression(path: str) -> None:
    if path and not problem({"path": path, "service": "http://a"}, CATCH_ALL):
        re2.compile(path)


@settings(deadline=None)
@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["hostname", "path", "service", "originRequest", "extra"]),
            st.one_of(st.none(), st.text(max_size=8), st.integers(), st.just({"bastionMode": True})),
        ),
        max_size=3,
    )
)
def test_no_ingress_rule_crashes_the_validation(ingress: list[dict[str, Any]]) -> None:
    assert isinstance(problem(*ingress), str)
