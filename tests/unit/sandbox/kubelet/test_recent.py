"""Values that the kubelet reuses for a second."""

import pytest

from sandbox.kubelet import recent
from sandbox.kubelet.recent import SECONDS, Recent
from tests.support.local_edge import async_test


@async_test
async def test_a_value_is_reused_for_a_second_and_then_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(recent.time, "monotonic", lambda: now)
    values, made = Recent(), []

    async def get(key: str) -> str:
        async def make() -> str:
            made.append(key)
            return key.upper()

        return await values.get(key, make)

    assert [await get("a"), await get("a"), made] == ["A", "A", ["a"]]
    now = SECONDS / 2
    await get("b")
    now = SECONDS + 0.1
    assert [await get("c"), await get("b"), made] == ["C", "B", ["a", "b", "c"]]
    assert set(values._values) == {"b", "c"}
    assert [await get("a"), made] == ["A", ["a", "b", "c", "a"]]
