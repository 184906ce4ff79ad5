"""The reader of a config.yml."""

import pytest

from tests.support.migrate_input import origin, read_tunnel, remarks, rules, settings


def test_a_file_without_rules_is_one_rule_for_its_url() -> None:
    setup = read_tunnel("""
        tunnel: attic
        url: 192.168.1.4:8080
        hostname: a.example.org
        no-tls-verify: false
        http-host-header: inner.example.org
        """)
    assert rules(setup) == ["a.example.org -> http://192.168.1.4:8080"]
    assert origin(setup) == {"noTLSVerify": False, "httpHostHeader": "inner.example.org"}
    assert setup.rules[0].place.line == 2


def test_options_beside_rules_that_only_a_url_has_are_reported() -> None:
    report = remarks(
        read_tunnel("""
        tunnel: attic
        ingress: [{hostname: a.example.org, service: "http://192.168.1.4"}]
        url: http://192.168.1.5
        no-tls-verify: true
        """)
    )
    assert "input.yaml:3: url: cloudflared ignores it beside ingress rules" in report
    assert "input.yaml:4: no-tls-verify: cloudflared ignores it beside ingress rules" in report


@pytest.mark.parametrize(
    ("line", "path", "value"),
    [
        ("loglevel: fatal", "connector.logLevel", "fatal"),
        ("edge-ip-version: 6", "connector.edgeIpVersion", "6"),
        ("pq: true", "connector.postQuantum", True),
        ("retries: 0", "connector.extraEnv", [{"name": "TUNNEL_RETRIES", "value": "0"}]),
        ("no-prechecks: false", "connector.extraEnv", [{"name": "TUNNEL_NO_PRECHECKS", "value": "false"}]),
        (
            "dns-resolver-addrs: [10.0.0.1:53, 10.0.0.2:53]",
            "connector.extraEnv",
            [{"name": "TUNNEL_DNS_RESOLVER_ADDRS", "value": "10.0.0.1:53,10.0.0.2:53"}],
        ),
    ],
)
def test_an_option_is_a_setting_of_the_connector_or_its_variable(line: str, path: str, value: object) -> None:
    assert settings(read_tunnel(f"ingress: []\n{line}")) == {path: value}


def test_what_the_stack_has_itself_is_not_reported() -> None:
    setup = read_tunnel("ingress: []\ncredentials-file: /a.json\nno-autoupdate: true\norigincert: /b.pem")
    assert (setup.skipped, setup.settings) == ([], [])


def test_what_cloudflared_does_not_know_is_reported() -> None:
    report = remarks(read_tunnel("ingress: []\nlogfile: /var/log/a\nloglvl: info"))
    assert "input.yaml:2: logfile: it configures how cloudflared runs on its machine" in report
    assert "input.yaml:3: loglvl: cloudflared has no such option" in report


def test_a_token_says_that_the_rules_are_at_cloudflare() -> None:
    setup = read_tunnel("tunnel: attic\ntoken-file: /run/token\ncredentials-file: /a.json")
    assert setup.remote
    assert "its rules are at Cloudflare, and not in the input" in remarks(setup)
