"""For every test: what it needs, which tests share a start, and how long a busy machine may take."""

import pytest
from hypothesis import HealthCheck, settings

from sandbox import tools
from tests.support.paths import PROJECT

# How long a machine takes to make an input is nothing that a test is about.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

# The tests of a group run on one worker, and start once what they share.
MARKS = {
    "e2e": [pytest.mark.engine, pytest.mark.cluster],
    "integration/cluster": [pytest.mark.cluster],
    "integration/kubelet": [pytest.mark.cluster, pytest.mark.xdist_group("kubelet")],
    "integration/providers": [pytest.mark.cluster, pytest.mark.xdist_group("providers")],
}
"""By folder. A module that needs more, or starts something of its own, says so itself (`pytestmark`)."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        folder = item.path.parent.relative_to(PROJECT / "tests").as_posix()
        for mark in MARKS.get(folder, []):
            item.add_marker(mark)
    connected = [item for item in items if item.get_closest_marker("cloudflared")]
    if connected and tools.find_cloudflared() is None:
        for item in connected:
            item.add_marker(
                pytest.mark.skip(reason="cloudflared is neither on the PATH nor named by CULVERT_CLOUDFLARED")
            )
