"""One evaluator for the policies of every engine."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sandbox import tools
from tests.support.policy_evaluators import calico, cilium, cyclonus
from tests.support.policy_evaluators.cyclonus import Traffic

ENGINES = ("kubernetes", "calico", "calico-crd", "cilium")
Evaluate = Callable[[dict[str, Any], list[Traffic]], list[bool]]
"""Whether each flow is allowed where a policy is the only one."""


def evaluate(folder: Path, policy: dict[str, Any], traffic: list[Traffic]) -> list[bool]:
    """Whether each flow is allowed where `policy` is the only policy; `folder` is for the evaluator's files."""
    if policy["apiVersion"] == "cilium.io/v2":
        return cilium.evaluate(policy, traffic)
    if policy["apiVersion"] != "networking.k8s.io/v1":
        return calico.evaluate(policy, traffic)
    return cyclonus.evaluate(tools.ensure(["cyclonus"], print)["cyclonus"].path, folder, policy, traffic)
