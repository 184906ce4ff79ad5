"""Every fault is made and mended by a test, or the catalogue says why none can."""

import inspect

from ops.verify.faults import FAULTS
from tests.e2e import test_remedies


def test_each_fault_is_made_by_a_test_or_has_the_reason_why_none_makes_it() -> None:
    tried = {fault for faults in test_remedies.TRIED.values() for fault in faults}
    untried = {fault.name for fault in FAULTS.values() if fault.untried}
    assert tried - FAULTS.keys() == set(), "no such faults"
    assert tried & untried == set(), "tried, although the catalogue says why they are not"
    assert FAULTS.keys() - tried - untried == set(), "neither tried nor with a reason"


def test_each_test_of_faults_is_one_that_runs() -> None:
    functions = dict(inspect.getmembers(test_remedies, inspect.isfunction))
    for name in test_remedies.TRIED:
        assert name.startswith("test_")
        assert name in functions
