"""YAML from its bytes: nodes with their lines, and the values that the engine reads from them.

Any file gives values of JSON or one YamlError within seconds: size, depth and the number of values are limited, where
an alias counts as often as it is used.
"""

import json
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import yaml
from yaml.composer import Composer, ComposerError
from yaml.constructor import ConstructorError, SafeConstructor
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.scanner import Scanner

from settings.yaml_scalars import CORE, DATE, MERGE, NUMBER, STRING, Resolver, number

if yaml.__with_libyaml__:
    from yaml.cyaml import CParser as _Parser  # pyright: ignore[reportAttributeAccessIssue]
else:

    class _Parser(Reader, Scanner, Parser):
        """The same in Python, where PyYAML was built without libyaml: ten times slower."""

        def __init__(self, text: str) -> None:
            Reader.__init__(self, text)
            Scanner.__init__(self)
            Parser.__init__(self)


MAX_BYTES = 4 << 20
MAX_VALUES = 300_000
"""Mappings, lists and scalars, keys among them. 10,000 rules of cloudflared have about 150,000."""
MAX_DEPTH = 64


class YamlError(Exception):
    """Why a text cannot be read as YAML. `line` and `column` count from 1; they are 0 where no place is known.
    `other_line` is another line that the problem is about, such as where a list begins; 0 without one."""

    def __init__(self, problem: str, line: int = 0, column: int = 0, other_line: int = 0) -> None:
        super().__init__(f"line {line}, column {column}: {problem}" if line else problem)
        self.problem, self.line, self.column, self.other_line = problem, line, column, other_line


def documents(data: bytes) -> list[Any]:
    """The values of every document, as Kubernetes reads them: a date is its text. Raises YamlError."""
    with _yaml_errors():
        loader, found = _Loader(_text(data)), []
        while loader.check_node():
            found.append(loader.construct_document(loader.get_node()))
        return found


class LocatedMapping(dict[str, Any]):
    """A mapping with the line of each of its keys. `blocks` has the line before the text of each value that is a block
    (`|`, `>`), so that a file inside such a value has lines too."""

    lines: dict[str, int]
    blocks: dict[str, int]


class LocatedList(list[Any]):
    """A list with the line of each of its items."""

    lines: list[int]


def located_documents(data: bytes, line_of: Callable[[int], int] = lambda line: line) -> list[Any]:
    """As `documents`, with the mappings and lists as LocatedMapping and LocatedList. `line_of` maps a line of the text,
    from 1, to that of the file which it is in. Raises YamlError, whose lines are those of the text."""
    with _yaml_errors():
        loader, found = _LocatingLoader(_text(data), line_of), []
        while loader.check_node():
            found.append(loader.construct_document(loader.get_node()))
        return found


def document(data: bytes) -> tuple[yaml.Node | None, Any]:
    """Node and value of the only document, as the engine reads it; None if it is empty. Raises YamlError."""
    with _yaml_errors():
        loader = _EngineLoader(_text(data))
        root = loader.get_single_node()
        return root, None if root is None else loader.construct_document(root)


def _text(data: bytes) -> str:
    if len(data) > MAX_BYTES:
        raise YamlError(f"it has {len(data):,} bytes, of which at most {MAX_BYTES:,} are read")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line, column = before.count(b"\n") + 1, error.start - before.rfind(b"\n")
        raise YamlError(f"the byte 0x{data[error.start]:02x} is not UTF-8", line, column) from None


@contextmanager
def _yaml_errors() -> Iterator[None]:
    """Turns every error of the library into a YamlError."""
    try:
        yield
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = " ".join(", ".join(filter(None, (error.context, error.problem))).split())
        other = error.context_mark.line + 1 if error.context_mark and error.problem_mark else 0
        raise YamlError(problem, *((mark.line + 1, mark.column + 1, other) if mark else ())) from None
    except (yaml.YAMLError, ValueError) as error:  # ValueError: an escaped character beyond Unicode, in pure Python
        raise YamlError(" ".join(str(error).split())) from None


class _Loader(Composer, _Parser, SafeConstructor, Resolver):  # pyright: ignore[reportGeneralTypeIssues]
    """Composer is first: its methods, unlike the parser's own, can be extended."""

    def __init__(self, text: str) -> None:
        _Parser.__init__(self, text)
        Composer.__init__(self)
        SafeConstructor.__init__(self)
        self._depth = self._values = 0
        self._values_of: dict[str, int] = {}
        """Values below each anchor, once its node is complete."""

    def compose_document(self) -> yaml.Node | None:
        self._values_of = {}
        return super().compose_document()

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event, before = self.peek_event(), self._values
        if isinstance(event, yaml.AliasEvent):
            if event.anchor in self.anchors and event.anchor not in self._values_of:
                raise ComposerError(None, None, f"the anchor {event.anchor} contains itself", event.start_mark)
            self._values += self._values_of.get(event.anchor, 0)
        else:
            # A long text that is used often takes as long as many values.
            self._values += 1 + (len(event.value) // 64 if isinstance(event, yaml.ScalarEvent) else 0)
            self._depth += 1
        if self._depth > MAX_DEPTH:
            raise ComposerError(None, None, f"it is nested more than {MAX_DEPTH} levels deep", event.start_mark)
        if self._values > MAX_VALUES:
            raise ComposerError(None, None, f"more than {MAX_VALUES:,} values, aliases among them", event.start_mark)
        node = super().compose_node(parent, index)
        if not isinstance(event, yaml.AliasEvent):
            self._depth -= 1
            if event.anchor:
                self._values_of[event.anchor] = self._values - before
        return node

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        """A mapping whose keys are strings, each there once."""
        node, seen = super().compose_mapping_node(anchor), dict[str, yaml.Mark]()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise ComposerError(None, None, "a key must be a string", key.start_mark)
            if key.tag == MERGE:
                continue
            if key.tag != STRING and not _is_written_alike(key):
                raise ComposerError(
                    None, None, f"the key {_shown(key)} is not a string: put it in quotes", key.start_mark
                )
            if key.value in seen:
                raise ComposerError(None, seen[key.value], f"the key {_shown(key)} is there twice", key.start_mark)
            seen[key.value] = key.start_mark
            key.tag = STRING
        return node

    def construct_number(self, node: yaml.ScalarNode) -> int | float | str:
        value = number(self.construct_scalar(node))
        if isinstance(value, float) and not math.isfinite(value):
            raise ConstructorError(None, None, f"{_shown(node)} is not a finite number", node.start_mark)
        return value

    def construct_tagged_number(self, node: yaml.ScalarNode) -> int | float:
        value = self.construct_number(node)
        if isinstance(value, str):
            raise ConstructorError(None, None, f"{_shown(node)} is not a number", node.start_mark)
        return value

    def construct_tagged_bool(self, node: yaml.ScalarNode) -> bool:
        if self.construct_scalar(node).lower() not in ("true", "false"):
            raise ConstructorError(None, None, f"{_shown(node)} is not true or false", node.start_mark)
        return node.value.lower() == "true"

    def construct_text(self, node: yaml.ScalarNode) -> str:
        return self.construct_scalar(node)

    def construct_scalar(self, node: yaml.ScalarNode | yaml.MappingNode) -> str:
        value = super().construct_scalar(node)
        try:
            value.encode()
        except UnicodeEncodeError:
            raise ConstructorError(None, None, "half of a surrogate pair is not a character", node.start_mark) from None
        return value

    def construct_unknown(self, node: yaml.Node) -> None:
        raise ConstructorError(None, None, f"the tag {node.tag[:60]} is not supported", node.start_mark)


class _EngineLoader(_Loader):
    """The engine's library writes a date without quotes as Go does: `2026-01-02 00:00:00 +0000 UTC`."""

    def construct_date(self, node: yaml.ScalarNode) -> str:
        try:
            found = self.construct_yaml_timestamp(node)
        except ValueError:  # Not a date, nor to the engine.
            return self.construct_scalar(node)
        if not isinstance(found, datetime):
            return f"{found} 00:00:00 +0000 UTC"
        fraction = f".{found.microsecond:06}".rstrip("0") if found.microsecond else ""
        zone = f"{found:%z} {found:%z}" if found.utcoffset() else "+0000 UTC"
        return f"{found:%Y-%m-%d %H:%M:%S}{fraction} {zone}"


_Loader.yaml_constructors = {
    f"{CORE}null": SafeConstructor.construct_yaml_null,
    f"{CORE}map": SafeConstructor.construct_yaml_map,
    f"{CORE}seq": SafeConstructor.construct_yaml_seq,
    f"{CORE}bool": _Loader.construct_tagged_bool,
    f"{CORE}int": _Loader.construct_tagged_number,
    f"{CORE}float": _Loader.construct_tagged_number,
    STRING: _Loader.construct_text,
    NUMBER: _Loader.construct_number,
    DATE: _Loader.construct_text,
    None: _Loader.construct_unknown,
}
_EngineLoader.yaml_constructors = {**_Loader.yaml_constructors, DATE: _EngineLoader.construct_date}


class _LocatingLoader(_Loader):
    """Keeps the lines that PyYAML's nodes have."""

    def __init__(self, text: str, line_of: Callable[[int], int]) -> None:
        super().__init__(text)
        self._line_of = line_of

    def construct_located_mapping(self, node: yaml.MappingNode) -> Iterator[LocatedMapping]:
        found = LocatedMapping()
        yield found
        # Which also puts merged keys in their place.
        found.update({str(key): value for key, value in self.construct_mapping(node).items()})
        found.lines = {key.value: self._line_of(key.start_mark.line + 1) for key, _ in node.value}
        found.blocks = {
            key.value: self._line_of(value.start_mark.line + 1)
            for key, value in node.value
            if isinstance(value, yaml.ScalarNode) and value.style in ("|", ">")
        }

    def construct_located_list(self, node: yaml.SequenceNode) -> Iterator[LocatedList]:
        found = LocatedList()
        yield found
        found.extend(self.construct_sequence(node))
        found.lines = [self._line_of(item.start_mark.line + 1) for item in node.value]


_LocatingLoader.yaml_constructors = {
    **_Loader.yaml_constructors,
    f"{CORE}map": _LocatingLoader.construct_located_mapping,
    f"{CORE}seq": _LocatingLoader.construct_located_list,
}


def _is_written_alike(key: yaml.ScalarNode) -> bool:
    """Whether the engine, which writes numbers and switches that are keys as text, writes this key as it is."""
    if key.tag == NUMBER:
        value = number(key.value)
        return isinstance(value, str) or str(value) == key.value
    return key.value in ("true", "false")


def _shown(node: yaml.ScalarNode) -> str:
    return json.dumps(node.value[:60], ensure_ascii=True)
