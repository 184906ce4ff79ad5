"""The formats of a comparison."""

import json

import pytest

from sandbox.diff import formats
from sandbox.diff.result import ResourceDiff, StackDiff
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
            ResourceDiff(
                "replace",
                "kubernetes:core/v1:Secret",
                "culvert-dev-token",
                ["stringData"],
                [Property("stringData", "[secret]", "[secret]"), Property("type", "Opaque", None)],
            ),
            ResourceDiff("delete", "cloudflare:index/dnsRecord:DnsRecord", "culvert-dev-old.example.com"),
            ResourceDiff(
                "update",
                RULES,
                "culvert-dev-rules",
                properties=[
                    Property("config.ingresses[0]", None, {"hostname": "a.example.com", "path": "^/(a|b)$"}),
                    Property("note", "`tick` | @mention <b>", ""),
                ],
            ),
            ResourceDiff(
                "update",
                "kubernetes:core/v1:ConfigMap",
                "page",
                properties=[Property('data["index.html"]', PAGE, PAGE.replace("whole", "in full"))],
            ),
            ResourceDiff("create", "cloudflare:index/dnsRecord:DnsRecord", "culvert-dev-new.example.com"),
        ],
        unchanged=7,
    ),
    StackDiff("prod", "base", unchanged=12),
    StackDiff(
        "staging",
        "nothing",
        ["Pulumi.staging.yaml is new: every resource of this stack is created."],
        errors=[{"key": "culvert:routes", "value": [], "accepted": "routes", "source": "", "message": "one\ntwo"}],
    ),
]


@pytest.mark.parametrize(("render", "name"), [(formats.markdown, "stacks.md"), (formats.text, "stacks.txt")])
def test_each_format_matches_its_snapshot(render, name: str) -> None:
    assert_matches(f"rehearsals/{name}", render(STACKS))


def test_json_has_full_values() -> None:
    result = json.loads(json.dumps(formats.as_json(STACKS)))
    assert result["stacks"][0]["summary"] == {"replace": 1, "delete": 1, "import": 0, "update": 2, "create": 1}
    assert result["stacks"][0]["resources"][3]["properties"][0]["old"] == PAGE
    assert result["stacks"][2]["errors"][0]["key"] == "culvert:routes"


def test_foreign_text_is_not_read_as_markdown() -> None:
    lines = formats.markdown(STACKS).splitlines()
    (row,) = [line for line in lines if "@mention" in line]
    # Two ticks hold one; a bar in a cell is escaped.
    assert r"`` `tick` \| @mention <b> ``" in row
