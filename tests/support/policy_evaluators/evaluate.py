"""One evaluator for the policies of every engine."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sandbox import tools
from tests.support.policy_evaluators import calico, cilium, cyclonus
from traffic import Flow, judge

ENGINES = ("kubernetes", "calico", "calico-crd", "cilium")
Evaluate = Callable[[dict[str, Any], list[Flow]], list[bool]]
"""Whether each flow is allowed where a policy is the only one."""


def evaluate(folder: Path, policy: dict[str, Any], flows: list[Flow]) -> list[bool]:
    """Whether each flow is allowed where `policy` is the only policy, if the judge and an independent evaluator agree.

    `folder` is for the evaluator's files.
    """
    expected = _independently(folder, policy, flows)
    verdicts = [judge(flow, [policy]) for flow in flows]
    differing = [
        f"{flow}: {verdict}"
        for flow, verdict, allowed in zip(flows, verdicts, expected, strict=True)
        if verdict.allowed is not allowed
    ]
    assert differing == []
    return expected


def _independently(folder: Path, policy: dict[str, Any], flows: list[Flow]) -> list[bool]:
    if policy["apiVersion"] == "cilium.io/v2":
        return cilium.evaluate(policy, flows)
    if policy["apiVersion"] != "networking.k8s.io/v1":
        return calico.evaluate(policy, flows)
    return cyclonus.evaluate(tools.ensure(["cyclonus"], print)["cyclonus"].path, folder, [policy], flows)
