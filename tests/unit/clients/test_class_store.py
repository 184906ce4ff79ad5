"""The compiled classes of a module, each read by itself."""

import os
import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import Any

import pytest

from clients import class_store
from clients.class_store import ClassStore

SOURCE = """
class One:
    two: 'Two'
    number: int = {number}

class Two:
    def one(self) -> 'One': pass

class TwoArgsDict: pass
"""


@pytest.fixture
def loader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SourceFileLoader:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", None)
    (tmp_path / "sample.py").write_text(SOURCE.format(number=1))
    return SourceFileLoader("sample", str(tmp_path / "sample.py"))


def number(store: ClassStore) -> int:
    names: dict[str, Any] = {"__name__": "sample"}
    exec(store["One"][0], names)  # noqa: S102 - the module's own code
    return names["number"]


def written(loader: SourceFileLoader) -> list[Path]:
    return [*Path(loader.path).parent.glob("__pycache__/*.classes*")]


def test_a_class_is_read_without_the_module_once_it_was_read_as_a_whole(
    loader: SourceFileLoader, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = ClassStore(loader)
    monkeypatch.delattr(class_store, "module_code")
    second = ClassStore(loader)
    for store in (first, second):
        assert [*store.names] == ["One", "Two"]
        assert (store["One"][1], store["Two"][1]) == (("Two",), ("One",))
        assert number(store) == 1
    assert [path.name for path in written(loader)] == [f"sample.{sys.implementation.cache_tag}.classes"]


def test_a_changed_source_is_read_again(loader: SourceFileLoader) -> None:
    ClassStore(loader)
    Path(loader.path).write_text(SOURCE.format(number=2))
    os.utime(loader.path, ns=(1, 1))
    assert [number(ClassStore(loader)) for _ in range(2)] == [2, 2]


@pytest.mark.parametrize("content", [b"", b"\0" * 8, b"\xff" * 100, b"\0\0\0\0\0\0\0\1N"])
def test_a_damaged_file_is_replaced(loader: SourceFileLoader, content: bytes) -> None:
    ClassStore(loader)
    path = written(loader)[0]
    intact = path.read_bytes()
    path.write_bytes(content)
    assert number(ClassStore(loader)) == 1
    assert path.read_bytes() == intact


def test_nothing_is_written_where_python_writes_nothing(
    loader: SourceFileLoader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert number(ClassStore(loader)) == 1
    assert written(loader) == []


def test_nothing_is_prepared_for_a_folder_of_another_owner(
    loader: SourceFileLoader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    monkeypatch.delattr(class_store, "_write")
    assert number(ClassStore(loader)) == 1


def test_a_folder_that_cannot_be_written_is_no_error(loader: SourceFileLoader, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "replace", refuse)
    assert number(ClassStore(loader)) == 1
    assert written(loader) == []
