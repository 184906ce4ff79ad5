"""How a comparison reads."""

import json

import pytest

from sandbox.diff import text
from sandbox.diff.result import Resource, StackDiff
from sandbox.engine.property_diff import Property
from tests.support.snapshot import assert_matches

RULES = "cloudflare:index/zeroTrustTunnelCloudflaredConfig:ZeroTrustTunnelCloudflaredConfig"
PAGE = "<p>This is a page that is too long to be shown whole, so that only a part of it is shown.</p>\n" * 3

STACKS = [
    StackDiff(
        "dev",
        "base",
        gained=["new.example.com"],
        lost=["old.example.com", "older.example.com"],
        resources=[
            Resource(
                "replace",
                "kubernetes:core/v1:Secret",
                "culvert-dev-token",
                ["stringData"],
                [Property("stringData", "[secret]", "[secret]"), Property("type", "Opaque", None)],
            ),
            Resource("delete", "cloudflare:index/dnsRecord:DnsRecord", "culvert-dev-old.example.com"),
            Resource(
                "update",
                RULES,
                "culvert-dev-rules",
                properties=[
                    Property("config.ingresses[0]", None, {"hostname": "a.example.com", "path": "^/(a|b)$"}),
                    Property("note", "`tick` | @somebody <b>", ""),
                ],
            ),
            Resource(
                "update",
                "kubernetes:core/v1:ConfigMap",
                "page",
                properties=[Property('data["index.html"]', PAGE, PAGE.replace("whole", "in full"))],
            ),
            Resource("create", "cloudflare:index/dnsRecord:DnsRecord", "culvert-dev-new.example.com"),
        ],
        unchanged=7,
    ),
    StackDiff("prod", "base", unchanged=12),
    StackDiff(
        "staging",
        "nothing",
        ["Pulumi.staging.yaml is new: all of it is made from nothing."],
        errors=[{"key": "culvert:routes", "value": [], "accepted": "routes", "source": "", "message": "one\ntwo"}],
    ),
]


@pytest.mark.parametrize(("form", "name"), [(text.markdown, "stacks.md"), (text.text, "stacks.txt")])
def test_it_reads_as_it_is_meant_to(form, name: str) -> None:
    assert_matches(name, form(STACKS))


def test_programs_get_all_of_it() -> None:
    told = json.loads(json.dumps(text.as_json(STACKS)))
    assert told["stacks"][0]["summary"] == {"replace": 1, "delete": 1, "import": 0, "update": 2, "create": 1}
    assert told["stacks"][0]["resources"][3]["properties"][0]["old"] == PAGE
    assert told["stacks"][2]["errors"][0]["key"] == "culvert:routes"


def test_what_a_stranger_writes_stays_text() -> None:
    lines = text.markdown(STACKS).splitlines()
    (row,) = [line for line in lines if "@somebody" in line]
    # Two ticks hold one; a bar in a cell is escaped.
    assert r"`` `tick` \| @somebody <b> ``" in row
