"""The benchmark compares alike with alike: the same resources, and runs that took turns."""

import json
import runpy
import sys
from collections import Counter
from pathlib import Path

import pytest

from scripts.benchmark.measurement import Measurement
from scripts.benchmark.scale import ratios
from scripts.benchmark.tools import Bare, Pulumi
from tests.support.mock_recorder import recorder

CONFIG = {
    "culvert:accountId": "0123456789abcdef0123456789abcdef",
    "culvert:zones": json.dumps({"example.com": "89abcdef0123456789abcdef01234567"}),
    "culvert:namespace": "blog",
    "culvert:routes": json.dumps(
        [{"hostname": f"{name}.example.com", "service": "http://blog"} for name in ("one", "two")]
    ),
}


def _types(program: Path) -> Counter[str]:
    with recorder() as deploy:
        main = str(program / "__main__.py")
        recorded = deploy(lambda: runpy.run_path(main, run_name="__main__"), "dev", CONFIG)
    return Counter(resource.type for resource in recorded.resources)


def test_the_bare_program_has_the_resources_of_culvert(monkeypatch: pytest.MonkeyPatch) -> None:
    own = _types(Pulumi.program)
    assert _types(Bare.program) == own
    monkeypatch.setenv("BENCHMARK_TYPED", "1")
    monkeypatch.setattr("sys.path", [*sys.path])
    assert _types(Bare.program) == own


def _measured(seconds: float, work: float) -> Measurement:
    return Measurement(seconds, work, reads=0, writes=0, program=0, engine=0, output="")


def test_a_ratio_is_the_median_of_the_runs_ratios() -> None:
    # In the second run the machine was busy: with both tools.
    measured = [_measured(3.0, 2.0), _measured(30.0, 2.2), _measured(3.2, 2.1)]
    reference = [_measured(2.0, 1.0), _measured(20.0, 1.1), _measured(2.0, 1.0)]
    assert ratios(measured, reference) == pytest.approx((1.5, 2.0))
