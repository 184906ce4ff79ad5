"""Markers of every test, by its folder, and Hypothesis without a deadline."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from sandbox import tools
from tests.support.paths import PROJECT
from tests.support.publisher import Publisher

# No test is about the time that a busy machine takes to generate an input.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")
# Nor about the time that servers of this machine take to answer. The tests of that limit set their own.
os.environ.setdefault("CULVERT_TIMEOUT", "60")

# The tests of a group run on one worker, and share what they start.
MARKS = {
    "e2e": [pytest.mark.engine, pytest.mark.cluster],
    "integration/cluster": [pytest.mark.cluster],
    "integration/kubelet": [pytest.mark.cluster, pytest.mark.xdist_group("kubelet")],
    "integration/providers": [pytest.mark.cluster, pytest.mark.xdist_group("providers")],
    # The typed resources of Cloudflare's own client take seconds to import.
    "unit/sandbox/cloudflare/sdk": [pytest.mark.xdist_group("sdk")],
}
"""By folder. A module with other needs, or with its own start, declares its own `pytestmark`."""


@pytest.hookimpl(tryfirst=True)  # pytest-xdist reads the groups in the same hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        folder = item.path.parent.relative_to(PROJECT / "tests").as_posix()
        for mark in MARKS.get(folder, []):
            item.add_marker(mark)
    needing_cloudflared = [item for item in items if item.get_closest_marker("cloudflared")]
    if needing_cloudflared and tools.find_cloudflared() is None:
        for item in needing_cloudflared:
            item.add_marker(
                pytest.mark.skip(reason="cloudflared is neither on the PATH nor named by CULVERT_CLOUDFLARED")
            )


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Fails the tests of a group that pytest-xdist ignores: each worker would start for itself what they share.

    The group is at the end of a test's id (https://github.com/pytest-dev/pytest-xdist/issues/1386).
    """
    grouped = item.config.getoption("loadgroup", False) and item.get_closest_marker("xdist_group")
    if grouped and "@" not in item.nodeid.rpartition("]")[2]:
        pytest.fail("this pytest-xdist ignores xdist_group: install the pinned versions of pytest and pytest-xdist")


@pytest.fixture
def publisher(monkeypatch: pytest.MonkeyPatch) -> Iterator[Publisher]:
    """A server of downloads on loopback, which no proxy of the environment stands before."""
    for variable in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(variable, raising=False)
    made = Publisher()
    yield made
    made.close()
