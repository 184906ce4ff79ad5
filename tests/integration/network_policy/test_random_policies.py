"""The judge of `traffic/` and cyclonus agree on random policies of Kubernetes.

`python -m scripts.policy_agreement` compares any number of flows.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings

from sandbox import tools
from tests.support.policy_evaluators import cyclonus
from tests.support.random_policies import FLOWS, cases
from traffic import Flow, judge

EXAMPLES = int(os.environ.get("CULVERT_POLICY_EXAMPLES", "8"))
Example = tuple[list[dict[str, Any]], list[Flow]]


def test_the_judge_agrees_with_cyclonus(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    binary = tools.ensure(["cyclonus"], print)["cyclonus"].path
    verdicts: list[bool] = []

    @settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.too_slow, HealthCheck.large_base_example])
    @given(case=cases())
    def agree(case: Example) -> None:
        policies, flows = case
        expected = cyclonus.evaluate(binary, tmp_path, policies, flows)
        found = [judge(flow, policies).allowed for flow in flows]
        verdicts.extend(found)
        assert [flow for flow, *both in zip(flows, expected, found, strict=True) if both[0] is not both[1]] == []

    agree()
    record_property("cases", len(verdicts))
    record_property("denied", verdicts.count(False))
    assert len(verdicts) >= EXAMPLES * FLOWS
    # Not so wide or narrow that every flow has the same verdict.
    assert 0.05 < verdicts.count(False) / len(verdicts) < 0.95
