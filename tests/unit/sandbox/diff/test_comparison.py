"""The notes of a comparison that no run of the engine adds."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox.diff import comparison
from sandbox.engine.diagnostics import RunFailed
from settings import Settings
from tests.support.settings_examples import values


def test_a_hostname_that_another_stack_of_the_head_has_is_a_note(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: culvert\n")
    config = {f"culvert:{key}": value for key, value in values().items()}
    for name in ("dev", "prod"):
        (tmp_path / f"Pulumi.{name}.yaml").write_text(yaml.safe_dump({"config": config}))

    def fail(*_: Any) -> None:
        raise RunFailed([{"message": "no engine here"}])

    monkeypatch.setattr(comparison, "PROJECT", tmp_path)
    monkeypatch.setattr(comparison, "_seed", lambda *_: [])
    monkeypatch.setattr(comparison._Comparison, "_started_services", lambda *_: None)
    monkeypatch.setattr(comparison._Comparison, "_preview", fail)
    monkeypatch.setattr(comparison._Comparison, "_plain", lambda _self, _stack, message: message)
    base: Any = None
    compared = comparison._Comparison(base, tmp_path, lambda _: None)
    head = Settings.from_stack_file(tmp_path / "Pulumi.dev.yaml")
    (note,) = compared._difference("dev", comparison._BaseStack(["blog.example.com"]), head).notes
    assert note.startswith("blog.example.com is also in Pulumi.prod.yaml: it has one DNS record")
