"""The tree of components that a run on a terminal ends with."""

from pulumi.automation.events import StepEventMetadata
from rich.console import Console

from sandbox.commands.resource_tree import resource_tree
from tests.support.engine_steps import step

STACK = "pulumi:pulumi:Stack::culvert-dev"
EXPOSURE = "culvert:index:Exposure::culvert-dev"
RECORDS = "culvert:index:Records::culvert-dev"
STEPS = [
    step("same", "pulumi:pulumi:Stack", "culvert-dev", None),
    step("same", "culvert:index:Exposure", "culvert-dev", STACK),
    step("same", "cloudflare:index/zeroTrustTunnelCloudflared:ZeroTrustTunnelCloudflared", "culvert-dev", EXPOSURE),
    step("update", "kubernetes:apps/v1:Deployment", "culvert-dev-cloudflared", EXPOSURE),
    step("same", "culvert:index:Records", "culvert-dev", EXPOSURE),
    step("create", "cloudflare:index/dnsRecord:DnsRecord", "culvert-dev-a.example.com", RECORDS),
    step("replace", "cloudflare:index/dnsRecord:DnsRecord", "culvert-dev-b.example.com", RECORDS),
    step("delete", "cloudflare:index/dnsRecord:DnsRecord", "culvert-dev-c.example.com", RECORDS),
    step("same", "cloudflare:index/dnsRecord:DnsRecord", "culvert-dev-d.example.com", RECORDS),
    step("same", "cloudflare:index/dnsRecord:DnsRecord", "culvert-dev-e.example.com", RECORDS),
]


def drawn(steps: list[StepEventMetadata]) -> list[str]:
    console = Console(width=100, no_color=True)
    with console.capture() as capture:
        console.print(resource_tree(steps))
    return [line.rstrip() for line in capture.get().splitlines()]


def test_changes_are_listed_below_their_components_and_the_rest_is_counted() -> None:
    assert drawn(STEPS) == [
        "Stack culvert-dev",
        "└── Exposure culvert-dev",
        "    ├── ~ Deployment culvert-dev-cloudflared",
        "    ├── Records culvert-dev",
        "    │   ├── + DnsRecord culvert-dev-a.example.com",
        "    │   ├── ± DnsRecord culvert-dev-b.example.com",
        "    │   ├── - DnsRecord culvert-dev-c.example.com",
        "    │   └── 2 unchanged",
        "    └── 1 unchanged",
    ]


def test_a_resource_whose_component_has_no_step_is_at_the_top() -> None:
    assert drawn([STEPS[5]]) == ["+ DnsRecord culvert-dev-a.example.com"]
