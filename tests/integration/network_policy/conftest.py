"""The evaluator of policies."""

from functools import partial

import pytest

from tests.support.policy_evaluators import evaluate as evaluator
from tests.support.policy_evaluators.evaluate import Evaluate


@pytest.fixture(scope="module")
def evaluate(tmp_path_factory: pytest.TempPathFactory) -> Evaluate:
    """Evaluates a policy of any engine."""
    return partial(evaluator.evaluate, tmp_path_factory.mktemp("policies"))
