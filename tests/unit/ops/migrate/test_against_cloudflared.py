"""What migrate writes without a remark sends each request where cloudflared did, with the same options in force.

The model of cloudflared that this is judged by agrees with recordings of a real one, which `python -m
scripts.record_cloudflared` makes.
"""

import itertools
from typing import Any

import pytest
import yaml
from hypothesis import event, given
from hypothesis import settings as runs
from hypothesis import strategies as st

from ops.migrate import config_file
from ops.migrate.conversion import Conversion, convert
from ops.migrate.input_object import InputObject, Place
from scripts import record_cloudflared
from settings import Settings
from settings.yaml_nodes import located_documents
from tests.support.cloudflared_rules import destination, effects, in_force, matched

RECORDED: dict[str, Any] = yaml.safe_load((record_cloudflared.FOLDER / "recordings.yaml").read_text())["recordings"]
ACCEPTED = [name for name, recording in RECORDED.items() if "refused" not in recording]


def document_of(name: str) -> dict[str, Any]:
    return yaml.safe_load((record_cloudflared.FOLDER / f"{name}.yml").read_text())


@pytest.mark.parametrize("name", ACCEPTED)
def test_the_model_has_the_options_in_force_and_the_matches_of_a_real_cloudflared(name: str) -> None:
    document, recording = document_of(name), RECORDED[name]
    assert in_force(document) == recording["ingress"]
    requests = record_cloudflared.requests_of(name)
    assert {f"{host}{path}": matched(document, host, path) for host, path in requests} == recording["matches"]


HOSTNAMES = ("a.example.com", "b.example.com", "*.example.com", "*.b.example.com", "x.b.example.com", "example.com")
HOSTNAMES += (
    "a.example.com",
    "B.example.com",
    "*.Example.com",
    "a.example.com.",
    "bücher.example.com",
    "*.bücher.example.com",
)
PATHS = (None, None, "/v1", "^/v1", "^/v1/users", "^/v1$", "^/(v1|x)", "[.]png$", "^/x|/v1", "(?i)^/V1", "")
SERVICES = ("http://10.0.0.1", "https://10.0.0.2:8443", "HTTPS://api.shop.svc", "ws://10.0.0.3", "wss://10.0.0.4")
SERVICES += ("tcp://10.0.0.5:22", "ssh://10.0.0.6", "tcp://10.0.0.7", "http_status:503", "hello-world", "bastion")
SERVICES += ("http://localhost:80", "http://nas.lan", "http://10.0.0.8:81", "http://10.0.0.8:82")
SWITCH, NAME = (True, False, None, "yes", "off"), ("inner.example.com", "", None, "1.2.3.4")
LONG, SHORT = ("40s", "1m30s", "0s", "1500ms", "2h"), ("10s", "90s", "60s", "1s", None)
VALUES: dict[str, tuple[Any, ...]] = {
    **dict.fromkeys(("noTLSVerify", "http2Origin", "matchSNItoHost", "noHappyEyeballs"), SWITCH),
    "disableChunkedEncoding": (True, False),
    "bastionMode": (False,) * 6 + (True,),
    **dict.fromkeys(("httpHostHeader", "originServerName"), NAME),
    "caPool": ("/ca.pem", ""),
    **dict.fromkeys(("connectTimeout", "tcpKeepAlive"), LONG),
    **dict.fromkeys(("tlsTimeout", "keepAliveTimeout"), SHORT),
    "keepAliveConnections": (-1, -7, 0, 1, 9),
    "proxyType": ("",) * 6 + ("socks",),
    "access": ({"required": True, "teamName": "acme"}, {"required": False}),
    "noTlsVerify": (True,),
}
REQUEST_HOSTS = ["a.example.com", "b.example.com", "x.b.example.com", "c.example.com", "example.com", "a.example.org"]
REQUEST_HOSTS += ["xn--bcher-kva.example.com", "a.xn--bcher-kva.example.com"]
REQUEST_PATHS = ["/", "/v1", "/v1/", "/v1/users", "/x", "/x/v1", "/V1", "/a.png"]


def options(*keys: str, most: int) -> st.SearchStrategy[dict[str, Any]]:
    """Options among these keys, each with one of its values."""
    found = {key: st.sampled_from(VALUES[key]) for key in keys}
    return st.fixed_dictionaries({}, optional=found).map(lambda given: dict([*given.items()][:most]))


def documents(
    rule: st.SearchStrategy[dict[str, Any]], shared: st.SearchStrategy[dict[str, Any]], last: tuple[str, ...]
) -> st.SearchStrategy[dict[str, Any]]:
    return st.builds(
        lambda shared, rules, last: {"originRequest": shared, "ingress": [*rules, {"service": last}]},
        shared,
        st.lists(rule, min_size=1, max_size=5),
        st.sampled_from(last),
    )


ROUTED = st.fixed_dictionaries(
    {"hostname": st.sampled_from(HOSTNAMES), "service": st.sampled_from(SERVICES)},
    optional={"path": st.sampled_from(PATHS), "originRequest": options("bastionMode", "proxyType", most=1)},
)
NARROW = st.fixed_dictionaries(
    {"hostname": st.sampled_from(HOSTNAMES[:4]), "service": st.sampled_from(SERVICES[-2:])},
    optional={"path": st.sampled_from(PATHS)},
)
FINE = ("http://10.0.0.1", "https://10.0.0.2", "https://10.0.0.2", "wss://10.0.0.3", "tcp://10.0.0.4:22")
WITH_OPTIONS = st.fixed_dictionaries(
    {
        "hostname": st.sampled_from(REQUEST_HOSTS[:4]),
        "service": st.sampled_from(FINE),
        "originRequest": options(*VALUES, most=5),
    }
)


def converted(document: dict[str, Any]) -> Conversion:
    (values,) = located_documents(yaml.safe_dump(document, allow_unicode=True).encode())
    setup = config_file.read(InputObject(values, Place("config.yml")))
    setup.account_id, setup.zones = "0" * 32, {"example.com": None}
    return convert(setup)


def as_document(settings: Settings) -> dict[str, Any]:
    """The rules of a stack as cloudflared has them from the API."""
    special = {"match_sn_ito_host": "matchSNItoHost", "no_tls_verify": "noTLSVerify"}

    def key(name: str) -> str:
        first, *rest = name.split("_")
        return special.get(name) or first + "".join(map(str.capitalize, rest))

    return {
        "ingress": [
            {**rule, "originRequest": {key(name): value for name, value in rule.get("origin_request", {}).items()}}
            for rule in settings.ingress_rules("default")
        ]
    }


def normalized(hostname: str) -> str:
    """A rule's hostname as a route has it."""
    return hostname.lower().removesuffix(".").replace("bücher", "xn--bcher-kva")


@runs(max_examples=80)
@given(documents(NARROW | ROUTED, options("bastionMode", most=1), ("http_status:404", "http://10.0.0.9")))
def test_each_request_of_a_rule_without_a_remark_is_sent_where_it_was(document: dict[str, Any]) -> None:
    compare(document, REQUEST_HOSTS, REQUEST_PATHS)


@runs(max_examples=120)
@given(documents(WITH_OPTIONS, options(*VALUES, most=6), ("http_status:404",)))
def test_each_option_without_a_remark_is_in_force_as_it_was(document: dict[str, Any]) -> None:
    compare(document, REQUEST_HOSTS[:4], ["/"])


def compare(document: dict[str, Any], hosts: list[str], paths: list[str]) -> None:
    """Asserts that what has no remark means the same to the connector of the stack that is written."""
    conversion, rules = converted(document), document["ingress"]
    places = {each.place.key for each in conversion.skipped}
    items = {each.item for each in conversion.skipped}
    names = [f"{rule.get('hostname') or '*'} {rule.get('path') or ''}".strip() for rule in rules]
    remarked = [f"ingress[{index}]" in places or name in items for index, name in enumerate(names)]
    # Options that exclude each other are told apart before they are validated.
    assert not any(item.endswith(", origin") for item in items)
    if conversion.values is None:
        assert all(remarked[:-1])
        return
    after = as_document(Settings.parse(conversion.values))
    sources: dict[Any, int] = {}
    for index, rule in enumerate(rules):
        sources.setdefault((normalized(rule.get("hostname") or ""), rule.get("path") or None), index)
    old, new = in_force(document), in_force(after)
    compared = set[int]()
    for host, path in itertools.product(hosts, paths):
        before, now = matched(document, host, path), matched(after, host, path)
        source = sources[after["ingress"][now].get("hostname", ""), after["ingress"][now].get("path")]
        if remarked[before] or remarked[source]:
            continue
        compared.add(before)
        assert destination(old[before]["service"]) == destination(new[now]["service"]), (host, path)
        expected, actual = effects(old[before]), effects(new[now])
        for key in expected.keys() | actual.keys():
            reported = {f"originRequest.{key}", f"ingress[{before}].originRequest.{key}"} & places
            # The remark about noTLSVerify asks for a reason: the option itself stays.
            if not reported or key == "noTLSVerify":
                assert (key, expected.get(key)) == (key, actual.get(key)), (host, path)
    event(f"{len(compared)} of {len(rules)} rules compared")
