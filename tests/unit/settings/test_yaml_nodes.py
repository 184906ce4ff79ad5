"""YAML from its bytes: values as the engine reads them, or one error with its line, for any file and in seconds."""

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from settings import Settings, yaml_nodes
from settings.yaml_nodes import MAX_DEPTH, YamlError
from tests.support.settings_examples import rejection


def value_of(text: str) -> Any:
    """What the key x has in a mapping."""
    return yaml_nodes.document(f"x: {text}\n".encode())[1]["x"]


@pytest.fixture
def in_python(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module with PyYAML's parser in Python, as where PyYAML has no libyaml."""
    monkeypatch.setattr(yaml, "__with_libyaml__", False)
    spec = importlib.util.spec_from_file_location("yaml_nodes_in_python", yaml_nodes.__file__)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("text", "value"),
    [
        # As `pulumi config get` prints them, pulumi 3.259.
        ("yes", "yes"),
        ("True", True),
        ("Null", None),
        ("", None),
        ("0x1F", 31),
        ("017", 15),
        ("0o17", 15),
        ("0b11", 3),
        ("08", 8),
        ("1_000", 1000),
        ("1e3", 1000),
        ("1.0", 1),
        (".5", 0.5),
        ("-5", -5),
        ("12345678901234567890123", 1.2345678901234568e22),
        ("1:30", "1:30"),
        ("190:20:30.15", "190:20:30.15"),
        ("2024-13-45", "2024-13-45"),
        ("2024-01-02", "2024-01-02 00:00:00 +0000 UTC"),
        ("2024-01-02T03:04:05Z", "2024-01-02 03:04:05 +0000 UTC"),
        ("2024-01-02T03:04:05.50+02:00", "2024-01-02 03:04:05.5 +0200 +0200"),
        ("2024-01-02 03:04:05", "2024-01-02 03:04:05 +0000 UTC"),
        ("2024-01-02 03:04:05 +02:00", "2024-01-02 03:04:05 +02:00"),
        ("NaN", "NaN"),
        ("=", "="),
        ("1e999", "1e999"),
        ("10.0.0.1", "10.0.0.1"),
        ("!!str 5", "5"),
        ("{1: a, true: b}", {"1": "a", "true": "b"}),
        ("{<<: [{a: 1, b: 1}, {b: 2}], a: 3}", {"a": 3, "b": 1}),
        ('"\\x1b\\x00"', "\x1b\x00"),
        # Python refuses to convert so many digits.
        pytest.param("9" * 5000, "9" * 5000, id="many-digits"),
    ],
)
def test_a_scalar_has_the_value_that_the_engine_reads(text: str, value: Any) -> None:
    found = value_of(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (".nan", '".nan" is not a finite number'),
        ("-.inf", '"-.inf" is not a finite number'),
        ("!!int foo", '"foo" is not a number'),
        ("!!bool maybe", '"maybe" is not true or false'),
        ("!!timestamp soon", "the tag tag:yaml.org,2002:timestamp is not supported"),
        ("!!python/object:os.system {}", "is not supported"),
        ("!!binary a", "is not supported"),
        ("!!str [a]", "expected a scalar node, but found sequence"),
        ("!!map a", "expected a mapping node, but found scalar"),
        ("{[a]: b}", "a key must be a string"),
        ("{null: a}", 'the key "null" is not a string: put it in quotes'),
        ("{1e3: a}", "is not a string"),
        ("{a: 1, a: 2}", 'the key "a" is there twice'),
        ("{<<: 1}", "expected a mapping or list of mappings for merging"),
        ("&a {y: *a}", "the anchor a contains itself"),
        ("*a", "found undefined alias"),
        ('"\\ud800"', "surrogate|invalid Unicode character"),
        ('"\\U00110000"', "not in range|invalid Unicode character"),
        ("[" * 10_000, f"nested more than {MAX_DEPTH} levels deep"),
        ("{a: " * 10_000, f"nested more than {MAX_DEPTH} levels deep"),
    ],
    ids=lambda text: text[:20],
)
def test_what_is_not_a_value_is_one_error(text: str, problem: str, in_python: ModuleType) -> None:
    with pytest.raises(YamlError, match=problem) as error:
        value_of(text)
    assert error.value.line == 1
    assert len(str(error.value)) < 200
    with pytest.raises(in_python.YamlError, match=problem):
        in_python.document(f"x: {text}\n".encode())


@pytest.mark.parametrize(("data", "line"), [(b"a: 1\nb: \xff\n", 2), (b"\xff\xfea\x00", 1), (b"a: \x00", 0)])
def test_bytes_that_are_not_text_are_an_error(data: bytes, line: int) -> None:
    with pytest.raises(YamlError) as error:
        yaml_nodes.document(data)
    assert error.value.line == line


def exponential(value: str, alias: str) -> str:
    """Nine aliases to nine aliases to …"""
    anchors = [f"a0: &a0 {value}"]
    anchors += [f"a{level}: &a{level} {alias % ', '.join([f'*a{level - 1}'] * 9)}" for level in range(1, 12)]
    return "\n".join(anchors)


@pytest.mark.parametrize(
    "text",
    [
        exponential("[x]", "[%s]"),
        exponential("{x: 1}", "{<<: [%s]}"),
        "x: [" + "a," * 1_000_000 + "]",
        f"x: &a {'a' * 4_000_000}\ny: [{'*a, ' * 10}]",
        "a" * (yaml_nodes.MAX_BYTES + 1),
    ],
    ids=["aliases", "merges", "list", "text", "bytes"],
)
def test_a_file_that_would_take_forever_is_refused_at_once(text: str, tmp_path: Path) -> None:
    path = tmp_path / "Pulumi.dev.yaml"
    path.write_text(text)
    rejection(Settings.from_stack_file, path)


def test_an_alias_and_a_merge_are_read() -> None:
    text = "a: &a {k: v}\nb: {<<: *a, k: w}\nc: [*a, *a]\n"
    assert yaml_nodes.document(text.encode())[1] == {"a": {"k": "v"}, "b": {"k": "w"}, "c": [{"k": "v"}, {"k": "v"}]}


def test_several_documents_are_read_as_kubernetes_does() -> None:
    assert yaml_nodes.documents(b"a: 2024-01-02\n---\n- 1\n---\n") == [{"a": "2024-01-02"}, [1], None]
    with pytest.raises(YamlError, match=r"line 2, column 1: .*another document"):
        yaml_nodes.document(b"a: 1\n---\nb: 2\n")
