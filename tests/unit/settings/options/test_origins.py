"""Origin options: what is sent of them, for one route and for all routes."""

from typing import Any

import pytest

from settings import Settings
from settings.options.origins import SUPPORTED_SCHEMES
from tests.support.settings_examples import a_backend, a_route, values

EVERY = {
    "connectTimeout": (5, {"connect_timeout": 5}),
    "tlsTimeout": (6, {"tls_timeout": 6}),
    "tcpKeepAlive": (7, {"tcp_keep_alive": 7}),
    "noHappyEyeballs": (True, {"no_happy_eyeballs": True}),
    "keepAliveConnections": (8, {"keep_alive_connections": 8}),
    "keepAliveTimeout": (9, {"keep_alive_timeout": 9}),
    "balance": (True, {"keep_alive_connections": -1}),
    "httpHostHeader": ("blog.internal:8080", {"http_host_header": "blog.internal:8080"}),
    "originServerName": ("blog.internal", {"origin_server_name": "blog.internal"}),
    "matchSNItoHost": (True, {"match_sn_ito_host": True}),
    "caPool": ({"secret": "ca"}, {"ca_pool": "/etc/culvert/ca/secret/ca/ca.crt"}),
    "disableChunkedEncoding": (True, {"disable_chunked_encoding": True}),
    "http2Origin": (True, {"http2_origin": True}),
}


def requests(*routes: dict[str, Any], **defaults: Any) -> list[dict[str, Any]]:
    """The `origin_request` of each rule but the last, in the order of the rules."""
    rules = Settings.parse(values(*routes, originDefaults=defaults)).ingress_rules("web")
    assert "origin_request" not in rules[-1]
    return [rule.get("origin_request", {}) for rule in rules[:-1]]


@pytest.mark.parametrize("option", EVERY)
def test_each_option_is_sent_by_the_providers_name(option: str) -> None:
    value, sent = EVERY[option]
    assert requests(a_route(service="https://nas", origin={option: value})) == [sent]
    assert requests(a_route(service="https://nas"), **{option: value}) == [sent]


def test_an_option_that_is_omitted_or_off_is_not_sent() -> None:
    assert requests(a_route(service="https://nas"), a_backend()) == [{}, {}]
    switches = ("balance", "noHappyEyeballs", "matchSNItoHost", "disableChunkedEncoding", "http2Origin", "noTlsVerify")
    assert requests(a_route(service="https://nas", origin=dict.fromkeys(switches, False))) == [{}]


def test_the_reason_of_an_unverified_origin_is_not_sent() -> None:
    origin = {"noTlsVerify": True, "reason": "The NAS signs its own certificate."}
    assert requests(a_route(service="https://nas", origin=origin)) == [{"no_tls_verify": True}]


def test_a_route_overrides_the_defaults() -> None:
    defaults = {"connectTimeout": 5, "balance": True, "http2Origin": True}
    origin = {"connectTimeout": 10, "balance": False, "http2Origin": False}
    assert requests(a_route(service="https://nas", origin=origin), **defaults) == [{"connect_timeout": 10}]


@pytest.mark.parametrize(
    ("defaults", "origin", "sent"),
    [
        ({"balance": True}, {"keepAliveConnections": 5}, {"keep_alive_connections": 5}),
        ({"keepAliveConnections": 5, "keepAliveTimeout": 9}, {"balance": True}, {"keep_alive_connections": -1}),
        ({"matchSNItoHost": True}, {"originServerName": "nas"}, {"origin_server_name": "nas"}),
        ({"originServerName": "nas", "http2Origin": True}, {"matchSNItoHost": True}, {"match_sn_ito_host": True}),
        ({"caPool": {"secret": "ca"}}, {"noTlsVerify": True, "reason": "x"}, {"no_tls_verify": True}),
        ({"originServerName": "nas"}, {"matchSNItoHost": False}, {"origin_server_name": "nas"}),
    ],
)
def test_of_two_conflicting_options_the_routes_own_is_sent(
    defaults: dict[str, Any], origin: dict[str, Any], sent: dict[str, Any]
) -> None:
    assert requests(a_route(service="https://nas", origin=origin), **defaults) == [sent]


@pytest.mark.parametrize(
    ("service", "sent"),
    [
        ("http://nas", {"connect_timeout", "tcp_keep_alive", "http_host_header", "keep_alive_connections"}),
        (
            "https://nas",
            {"connect_timeout", "tcp_keep_alive", "http_host_header", "keep_alive_connections", "tls_timeout"},
        ),
        ("unix:/run/app.sock", {"connect_timeout", "keep_alive_connections"}),
        ("unix+tls:/run/app.sock", {"connect_timeout", "keep_alive_connections", "tls_timeout"}),
        ("ssh://nas", {"connect_timeout", "tcp_keep_alive"}),
        ("http_status:404", set()),
        ("hello_world", set()),
    ],
)
def test_defaults_apply_to_the_schemes_that_support_them(service: str, sent: set[str]) -> None:
    defaults = {
        "connectTimeout": 5,
        "tlsTimeout": 5,
        "tcpKeepAlive": 5,
        "httpHostHeader": "a",
        "keepAliveConnections": 5,
    }
    (request,) = requests(a_route(service=service), **defaults)
    assert set(request) == sent


def test_authorities_are_mounted_once_each_in_one_order_and_only_for_routes_that_use_them() -> None:
    routes = [
        a_route(service="https://nas", origin={"caPool": {"secret": "nas.tls", "key": "tls.crt"}}),
        a_route(service="https://nas", path="/a", origin={"caPool": {"configMap": "internal-ca"}}),
        a_route(service="https://nas", path="/b", origin={"caPool": {"configMap": "internal-ca"}}),
    ]
    volume, mount = (
        {
            "name": "culvert-ca",
            "projected": {
                "sources": [
                    {
                        "configMap": {
                            "name": "internal-ca",
                            "items": [{"key": "ca.crt", "path": "configmap/internal-ca/ca.crt"}],
                        }
                    },
                    {"secret": {"name": "nas.tls", "items": [{"key": "tls.crt", "path": "secret/nas.tls/tls.crt"}]}},
                ],
                "defaultMode": 0o440,
            },
        },
        {"name": "culvert-ca", "mountPath": "/etc/culvert/ca", "readOnly": True},
    )
    for given in (routes, routes[::-1]):
        assert Settings.parse(values(*given)).volumes() == [{"volume": volume, "mount": mount}]
    sent = requests(*routes)
    assert {request["ca_pool"] for request in sent} == {
        "/etc/culvert/ca/secret/nas.tls/tls.crt",
        "/etc/culvert/ca/configmap/internal-ca/ca.crt",
    }
    unused = Settings.parse(values(a_route(), originDefaults={"caPool": {"secret": "ca"}}))
    assert unused.volumes() == []


def test_a_hostname_without_a_record_has_a_rule_and_no_url() -> None:
    routes = [
        a_route(hostname="elsewhere.example.org", dns="none"),
        a_route(hostname="shared.example.com", dns="none"),
        a_route(),
    ]
    settings = Settings.parse(values(*routes))
    assert settings.hostnames() == {"blog.example.com": "example.com"}
    assert settings.urls() == ["https://blog.example.com"]
    assert settings.public_hostname == "blog.example.com"
    assert [rule.get("hostname") for rule in settings.ingress_rules("web")[:-1]] == [
        "elsewhere.example.org",
        "shared.example.com",
        "blog.example.com",
    ]
    assert Settings.parse(values(routes[0])).public_hostname == "elsewhere.example.org"
    assert Settings.parse(values(routes[0])).urls() == []


def test_every_scheme_with_a_connection_supports_some_option() -> None:
    schemes = {scheme for uses in SUPPORTED_SCHEMES.values() for scheme in uses}
    assert schemes == {"http", "https", "ws", "wss", "unix", "unix+tls", "tcp", "ssh", "rdp", "smb"}
