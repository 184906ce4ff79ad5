"""This repository's own stacks, as the program registers them under mocks."""

import runpy
from collections.abc import Callable

import pytest

from policy.stack import Stack
from tests.e2e.conftest import sandbox
from tests.support.mock_recorder import Deploy
from tests.support.policy_stacks import PROJECT, recording, written
from tests.unit.components.conftest import deploy

__all__ = ["deploy", "sandbox"]


@pytest.fixture
def run(deploy: Deploy, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Stack]:
    """Runs the program with a stack file's settings, some of them (without `culvert:`) replaced."""

    def run(stack: str, **settings: str) -> Stack:
        recorder = recording(monkeypatch)
        configuration = written(stack) | {f"culvert:{key}": value for key, value in settings.items()}
        deploy(lambda: runpy.run_path(str(PROJECT / "__main__.py"), run_name="__main__"), stack, configuration)
        return recorder.stack(configuration)

    return run


@pytest.fixture(scope="session")
def kept() -> dict[str, Stack]:
    """Stacks that the tests only read, created once."""
    return {}


@pytest.fixture
def good(kept: dict[str, Stack], request: pytest.FixtureRequest) -> Stack:
    """The stack prod, which violates no rule."""
    if "good" not in kept:
        kept["good"] = request.getfixturevalue("run")("prod")
    return kept["good"]
