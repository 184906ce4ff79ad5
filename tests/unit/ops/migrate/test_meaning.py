"""What `migrate` writes means what the input meant, and what does not is reported once, about the user's own key."""

from typing import Any

import pytest
import yaml

from tests.unit.ops.conftest import Completed, Ops

ACCOUNT = ["--account-id", "0123456789abcdef0123456789abcdef"]
HOME = [*ACCOUNT, "--zone", "example.com=89abcdef0123456789abcdef01234567"]
CATCH_ALL = "  - service: http_status:404\n"


def converted(ops: Ops, text: str, *options: str) -> tuple[dict[str, Any], list[str]]:
    """The settings that are written for a config.yml, and the remarks, each with what to do, in one line."""
    done = ops("migrate", "-", *(options or HOME), stdin=text)
    assert done.status == 0, done.stderr
    return _settings(done), remarks(done)


def _settings(done: Completed) -> dict[str, Any]:
    config = yaml.safe_load(done.stdout)["config"]
    return {key.removeprefix("culvert:"): value for key, value in config.items()}


def remarks(done: Completed) -> list[str]:
    lines = done.stderr.replace("\n  What to do: ", " | ").splitlines()
    return [line for line in lines if line.startswith("- ")]


def origins(settings: dict[str, Any]) -> list[Any]:
    return [route.get("origin") for route in settings["routes"]]


def test_a_rule_that_states_false_keeps_it_where_the_tunnel_states_true(ops: Ops) -> None:
    settings, said = converted(
        ops,
        "originRequest: {http2Origin: true, noTLSVerify: true}\n"
        "ingress:\n"
        "  - {hostname: a.example.com, service: 'https://10.0.0.1', "
        "originRequest: {http2Origin: false, noTLSVerify: false}}\n"
        "  - {hostname: b.example.com, service: 'https://10.0.0.2'}\n" + CATCH_ALL,
    )
    assert settings["originDefaults"] == {"http2Origin": True}
    own, inherited = origins(settings)
    assert own == {"http2Origin": False}
    assert inherited["noTlsVerify"] is True
    assert len(said) == 1
    assert said[0].startswith("- -:1: originRequest.noTLSVerify: true: the input does not say why")


def test_an_empty_header_keeps_the_visitors_host_where_the_tunnel_states_another(ops: Ops) -> None:
    settings, said = converted(
        ops,
        "originRequest: {httpHostHeader: inner.example.com}\n"
        "ingress:\n"
        "  - {hostname: a.example.com, service: 'http://10.0.0.1', originRequest: {httpHostHeader: ''}}\n"
        "  - {hostname: b.example.com, service: 'http://10.0.0.2'}\n" + CATCH_ALL,
    )
    assert "originDefaults" not in settings
    assert origins(settings) == [None, {"httpHostHeader": "inner.example.com"}]
    assert said == []


@pytest.mark.parametrize(
    ("option", "reason"),
    [
        ("connectTimeout: 0s", '"0s": 0 means no limit to cloudflared'),
        ("tcpKeepAlive: 0s", '"0s": 0 means no keep-alive of its own'),
        ("keepAliveConnections: 0", "0: 0 means two idle connections a host"),
        ("connectTimeout: 30", "30: cloudflared does not accept it: it must be a duration with its unit"),
        ("connectTimeout: 2h", '"2h": must be at most 3600'),
        ("noTLSVerify: 'true'", '"true": cloudflared does not accept it: it must be true or false'),
        (
            "noTlsVerify: true",
            "true: cloudflared does not know this key and ignores it | leave it out, or correct it to noTLSVerify",
        ),
        ("timeout: 5s", '"5s": cloudflared does not know this key and ignores it'),
        ("proxyPort: 8080", "8080: cloudflared reads this key and does not use it"),
        ("caPool: /etc/ca.pem", '"/etc/ca.pem": it is a file beside the old connector'),
        ("access: {required: true, teamName: a}", "the connector verified the JWTs of an Access application"),
    ],
)
def test_an_option_without_an_equivalent_is_reported_with_key_value_and_line(
    ops: Ops, option: str, reason: str
) -> None:
    settings, said = converted(
        ops,
        "ingress:\n"
        "  - hostname: a.example.com\n"
        "    service: https://10.0.0.1\n"
        f"    originRequest:\n      {option}\n" + CATCH_ALL,
    )
    assert origins(settings) == [None]
    assert len(said) == 1
    assert said[0].startswith(f"- -:5: a.example.com, {option.partition(':')[0]}: ")
    assert reason in said[0]


@pytest.mark.parametrize(
    "option",
    [
        *("noTLSVerify: false", "noTLSVerify: no", "http2Origin: 'off'", "httpHostHeader: ''", "caPool: ''"),
        *("proxyType: ''", "access: {required: false}", "connectTimeout: ~", "proxyAddress: 127.0.0.1"),
        *("proxyPort: 0", "ipRules: []"),
    ],
)
def test_an_option_that_states_the_default_is_neither_written_nor_reported(ops: Ops, option: str) -> None:
    settings, said = converted(
        ops,
        "ingress:\n"
        f"  - {{hostname: a.example.com, service: 'https://10.0.0.1', originRequest: {{{option}}}}}\n" + CATCH_ALL,
    )
    assert (origins(settings), said) == ([None], [])


@pytest.mark.parametrize("word", ["yes", "on", "Y", "True", "'yes'"])
def test_a_switch_is_read_as_cloudflared_reads_it(ops: Ops, word: str) -> None:
    text = (
        f"ingress: [{{hostname: a.example.com, service: 'https://10.0.0.1', originRequest: {{http2Origin: {word}}}}}]"
    )
    assert origins(converted(ops, text)[0]) == [{"http2Origin": True}]


def test_an_option_of_the_tunnel_is_reported_once_for_all_routes(ops: Ops) -> None:
    rules = "".join(f"  - {{hostname: h{n}.example.com, service: 'https://10.0.0.{n}'}}\n" for n in range(1, 6))
    settings, said = converted(
        ops,
        f"originRequest:\n  connectTimeout: 1500ms\n  noTLSVerify: true\n  noTlsVerify: 1\ningress:\n{rules}{CATCH_ALL}",
    )
    assert [line.split(": ")[0:2] for line in said] == [
        ["- -:2", "originRequest.connectTimeout"],
        ["- -:3", "originRequest.noTLSVerify"],
        ["- -:4", "originRequest.noTlsVerify"],
    ]
    assert all(each["noTlsVerify"] for each in origins(settings))


def test_an_option_that_rules_share_through_an_anchor_is_reported_once_and_names_them(ops: Ops) -> None:
    _, said = converted(
        ops,
        "ingress:\n"
        "  - {hostname: a.example.com, service: 'https://10.0.0.1', originRequest: &all {tlsTimeout: 500ms}}\n"
        "  - {hostname: b.example.com, service: 'https://10.0.0.2', originRequest: *all}\n" + CATCH_ALL,
    )
    assert len(said) == 1
    assert said[0].startswith('- -:2: a.example.com, b.example.com, tlsTimeout: "500ms"')


@pytest.mark.parametrize(
    ("tunnel", "own", "origin", "reported"),
    [
        ("matchSNItoHost: true", "originServerName: a.internal", None, ["originServerName"]),
        ("originServerName: a.internal", "matchSNItoHost: true", {"matchSNItoHost": True}, ["originServerName"]),
        ("keepAliveConnections: -1", "keepAliveTimeout: 60s", None, ["keepAliveTimeout"]),
        ("keepAliveConnections: -1", "keepAliveConnections: 9", {"keepAliveConnections": 9}, ["keepAliveConnections"]),
        ("keepAliveConnections: 9", "keepAliveConnections: -2", {"balance": True}, ["keepAliveConnections"]),
        ("caPool: /ca.pem", "noTLSVerify: true", {"noTlsVerify": True}, ["caPool", "noTLSVerify"]),
    ],
)
def test_of_options_that_overrule_each_other_the_one_in_force_is_written(
    ops: Ops, tunnel: str, own: str, origin: dict[str, Any] | None, reported: list[str]
) -> None:
    rule = f"{{hostname: a.example.com, service: 'https://10.0.0.1', originRequest: {{{own}}}}}"
    settings, said = converted(ops, f"originRequest: {{{tunnel}}}\ningress: [{rule}, {{service: 'http_status:404'}}]")
    found = origins(settings)[0]
    assert found is None if origin is None else {**found, "reason": 1} == {**origin, "reason": 1}
    assert sorted(line.split(": ")[1].split(".")[-1].split(", ")[-1] for line in said) == sorted(reported)


def test_an_option_that_does_not_apply_to_the_service_is_reported_where_the_rule_states_it(ops: Ops) -> None:
    settings, said = converted(
        ops,
        "originRequest: {tlsTimeout: 5s, http2Origin: true}\n"
        "ingress:\n"
        "  - {hostname: a.example.com, service: 'http://10.0.0.1', originRequest: {noTLSVerify: true}}\n"
        "  - {hostname: b.example.com, service: 'wss://10.0.0.1'}\n" + CATCH_ALL,
    )
    assert settings["originDefaults"] == {"tlsTimeout": 5}
    assert origins(settings) == [None, None]
    assert "- -:3: a.example.com, noTLSVerify: true: it has no effect with http | leave it out" in said
    assert any(line.startswith("- -:1: b.example.com, http2Origin: true: over wss") for line in said)
    assert len(said) == 2


def test_options_of_the_tunnel_that_no_route_has_are_reported(ops: Ops) -> None:
    text = "originRequest: {tlsTimeout: 5s, access: {required: true}}\ningress: [{hostname: a.example.com, service: 'http://10.0.0.1'}]"
    settings, said = converted(ops, text)
    assert "originDefaults" not in settings
    assert [line.split(": ")[1] for line in said] == ["originRequest.access", "originRequest.tlsTimeout"]


def test_options_of_the_stack_that_depend_on_each_other_are_tried_together(ops: Ops) -> None:
    rules = "ingress: [{hostname: a.example.com, service: 'http://10.0.0.1'}]\n"
    for order in ("post-quantum: true\nprotocol: quic\n", "protocol: quic\npost-quantum: true\n"):
        settings, said = converted(ops, order + rules)
        assert settings["connector"] == {"protocol": "quic", "postQuantum": True}
        assert said == []
    settings, said = converted(ops, "post-quantum: true\nprotocol: http2\n" + rules)
    assert settings["connector"] == {"protocol": "http2"}
    assert len(said) == 1
    assert said[0].startswith("- -:1: post-quantum: true requires QUIC")


@pytest.mark.parametrize(
    ("rule", "placeholder"),
    [
        ("hostname: 'app.${DOMAIN}', service: 'http://10.0.0.1'", "${DOMAIN}"),
        ("hostname: 'app.{{ .Values.domain }}', service: 'http://10.0.0.1'", "{{ .Values.domain }}"),
        ("hostname: app.<your-domain>, service: 'http://10.0.0.1'", "<your-domain>"),
        ("hostname: app.%DOMAIN%, service: 'http://10.0.0.1'", "%DOMAIN%"),
        ("hostname: app.example.com, service: 'http://$HOST:80'", "$HOST"),
        ("hostname: app.example.com, path: '^/${PREFIX}', service: 'http://10.0.0.1'", "${PREFIX}"),
    ],
)
def test_a_placeholder_is_named_as_one(ops: Ops, rule: str, placeholder: str) -> None:
    good = "{hostname: a.example.com, path: '^/a$', service: 'http://10.0.0.1'}"
    settings, said = converted(ops, f"ingress: [{good}, {{{rule}}}]", *ACCOUNT)
    assert [route["hostname"] for route in settings["routes"]] == ["a.example.com"]
    assert any(f"{placeholder} is a placeholder | put its value in place" in line for line in said)


def test_a_placeholder_in_an_option_is_named_as_one(ops: Ops) -> None:
    settings, said = converted(
        ops,
        "loglevel: ${LEVEL}\n"
        "originRequest: {httpHostHeader: '${HOST}'}\n"
        "ingress:\n"
        "  - {hostname: a.example.com, service: 'http://10.0.0.1', originRequest: {connectTimeout: '{{ .timeout }}'}}\n"
        + CATCH_ALL,
    )
    assert (origins(settings), "connector" in settings) == ([None], False)
    assert [line.partition(" | ")[0] for line in said] == [
        "- -:1: loglevel: ${LEVEL} is a placeholder",
        '- -:2: originRequest.httpHostHeader: "${HOST}": ${HOST} is a placeholder',
        '- -:4: a.example.com, connectTimeout: "{{ .timeout }}": {{ .timeout }} is a placeholder',
    ]


def test_a_placeholder_for_a_zone_or_the_account_is_one_error(ops: Ops) -> None:
    rules = "ingress: [{hostname: a.example.com, service: 'http://10.0.0.1'}]"
    done = ops("migrate", "-", *ACCOUNT, "--zone", "${DOMAIN}", stdin=rules)
    assert (done.status, done.stdout) == (1, "")
    assert done.stderr.startswith("${DOMAIN}, in the account or a zone, is a placeholder: put its value in place")


@pytest.mark.parametrize(
    ("hostname", "zone"),
    [
        ("shop.example.co.uk", "example.co.uk"),
        ("example.com.au", "example.com.au"),
        ("*.example.de", "example.de"),
        ("a.bücher.de", "xn--bcher-kva.de"),
        ("nas.home.eu.org", "home.eu.org"),
    ],
)
def test_a_zone_is_one_label_below_a_public_suffix(ops: Ops, hostname: str, zone: str) -> None:
    settings, said = converted(ops, f"ingress: [{{hostname: '{hostname}', service: 'http://10.0.0.1'}}]", *ACCOUNT)
    assert settings["zones"] == {zone: None}
    assert said == [
        f"- zones: the input does not contain zones; by the public suffix list: {zone} | correct it, or set it with "
        "--zone NAME=ID"
    ]


def test_no_certificate_is_stated_where_the_zone_is_a_guess(ops: Ops) -> None:
    deep = "ingress: [{hostname: a.example.com, service: 'http://10.0.0.1'}, {hostname: x.dev.example.com, service: 'http://10.0.0.1'}]"
    settings, said = converted(ops, deep, *ACCOUNT)
    assert [route["hostname"] for route in settings["routes"]] == ["a.example.com"]
    assert any(
        "x.dev.example.com: Universal SSL covers one label below a zone, and which zone" in line for line in said
    )
    settings, said = converted(ops, deep, *HOME)
    assert settings["routes"][1]["advancedCertificate"] is True
    assert any("make sure that the zone has one" in line for line in said)


def test_every_route_is_reported_also_where_none_fits(ops: Ops) -> None:
    rules = ["grafana.example.com, service: 'http://localhost:3000'", "nas.lan, service: 'http://10.0.0.1'"]
    rules += ["a.example.com, service: 'ftp://10.0.0.1'", "'*.Example.com', service: 'http://10.0.0.1'"]
    rules += ["b.example.com, service: bastion", "c..example.com, service: 'http://10.0.0.1'"]
    listed = "".join(f"  - {{hostname: {rule}}}\n" for rule in rules)
    done = ops("migrate", "-", *ACCOUNT, stdin=f"ingress:\n{listed}{CATCH_ALL}")
    assert done.status == 1
    assert done.stdout == ""
    assert [line.split(": ")[0] for line in remarks(done) if "-:" in line] == [f"- -:{line}" for line in range(2, 8)]
    assert done.stderr.splitlines()[-1] == "0 of 6 routes converted, so no stack file is written"


def test_the_requests_of_a_rule_that_is_left_out_are_said_to_go_to_a_wider_route(ops: Ops) -> None:
    _, said = converted(
        ops,
        "ingress:\n"
        "  - {hostname: a.example.com, path: ^/api, service: 'http://localhost:80'}\n"
        "  - {hostname: a.example.com, service: 'http://10.0.0.1'}\n"
        "  - {hostname: b.example.com, service: 'http://localhost:80'}\n"
        "  - {hostname: c.example.org, service: 'http://localhost:80'}\n"
        "  - {hostname: '*.example.com', service: 'http://10.0.0.1'}\n" + CATCH_ALL,
    )
    ends = [line.partition(" | ")[0].partition("own pod")[2] for line in said]
    assert ends == [". Its requests now go to a.example.com", ". Its requests now go to *.example.com", ""]


@pytest.mark.parametrize(
    ("service", "written", "remark"),
    [
        ("http://nas", "http://nas", "nas is a name on the machine's network; in a stack it is a Service of"),
        ("http://nas.lan:8080", "http://nas.lan.:8080", "nas.lan is a DNS name of the machine's network"),
        ("tcp://10.0.0.1", "tcp://10.0.0.1:7864", "its service has no port, so it is tcp://10.0.0.1:7864"),
        ("http://api.shop.svc", "http://api.shop.svc", ""),
    ],
)
def test_a_name_on_the_network_of_a_machine_is_not_silently_a_service(
    ops: Ops, service: str, written: str, remark: str
) -> None:
    settings, said = converted(ops, f"ingress: [{{hostname: a.example.com, service: '{service}'}}]")
    assert settings["routes"][0]["service"] == written
    assert len(said) == bool(remark)
    assert all(remark in line for line in said)


def test_a_namespace_of_the_input_is_advised_for_a_bare_name_and_never_the_connectors(ops: Ops) -> None:
    text = "ingress: [{hostname: a.example.com, service: 'http://nas:8080'}]"
    _, (remark,) = converted(ops, text)
    assert "name the Service with its namespace, http://nas.NAMESPACE.svc:8080, or an IP address" in remark
    assert "create" not in remark
    service = "apiVersion: v1\nkind: Service\nmetadata: {name: nas, namespace: media}\nspec: {ports: [{port: 8080}]}"
    _, (remark,) = converted(ops, f"{text}\n---\n{service}")
    assert "name the Service with its namespace in the input, http://nas.media.svc:8080, or an IP address" in remark


@pytest.mark.parametrize("name", ["LOCALHOST", "127.0.0.1", "[::1]", "host.docker.internal"])
def test_every_name_of_the_machine_itself_is_out_of_reach_without_its_address(ops: Ops, name: str) -> None:
    text = f"ingress: [{{hostname: a.example.com, service: 'http://{name}:80'}}]"
    assert "is on the machine that runs cloudflared" in ops("migrate", "-", *HOME, stdin=text).stderr
    settings, _ = converted(ops, text, *HOME, "--localhost", "10.0.0.9")
    assert settings["routes"][0]["service"] == "http://10.0.0.9:80"


def test_a_password_in_a_service_is_not_printed(ops: Ops) -> None:
    text = "ingress: [{hostname: a.example.com, service: 'http://me:secret@localhost:80'}, {service: 'http://me:secret@x'}]"
    done = ops("migrate", "-", *HOME, stdin=text)
    assert "secret" not in done.stderr


@pytest.mark.parametrize(("service", "status"), [("http://10.0.0.2", 0), ("http://localhost:80", 1)])
def test_strict_fails_unless_every_route_is_converted(ops: Ops, service: str, status: int) -> None:
    rules = f"ingress: [{{hostname: a.example.com, service: 'http://10.0.0.1'}}, {{hostname: b.example.com, service: '{service}'}}]"
    done = ops("migrate", "-", *HOME, "--strict", stdin=rules)
    assert done.status == status
    assert done.stderr.splitlines()[-1] == f"{2 - status} of 2 routes converted."
    assert len(_settings(done)["routes"]) == 2 - status
    assert ops("migrate", "-", *HOME, stdin=rules).status == 0
