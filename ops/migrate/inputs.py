"""The documents of files, of directories and of standard input, each with its place."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from pathlib import Path

from ops.errors import OperatorError
from ops.migrate.input_object import InputObject, Place
from settings.yaml_nodes import MAX_BYTES, LocatedMapping, YamlError, located_documents

SUFFIXES = (".yaml", ".yml", ".json")
"""Of the files that are read from a directory."""


def read_inputs(files: Iterable[str]) -> list[InputObject]:
    """Every document of the files, of a List its items. `-` is standard input; of a directory, the files in it and
    below it with one of `SUFFIXES`, in the order of their names."""
    return [document for file in files for path in _files(file) for document in _documents(path)]


def _files(file: str) -> list[str]:
    if file == "-" or not Path(file).is_dir():
        return [file]
    found = sorted(str(path) for path in Path(file).rglob("*") if path.suffix in SUFFIXES and path.is_file())
    if not found:
        raise OperatorError(f"{file} is a directory without files that end with {', '.join(SUFFIXES)}")
    return found


def _documents(file: str) -> Iterator[InputObject]:
    try:
        # One byte more than is accepted says that the input is too long.
        with nullcontext(sys.stdin.buffer) if file == "-" else Path(file).open("rb") as source:
            data = source.read(MAX_BYTES + 1)
    except OSError as error:
        raise OperatorError(f"{file}: {error.strerror}") from None
    yield from parse(file, data)


def parse(source: str, data: bytes) -> Iterator[InputObject]:
    """The documents of a text in YAML or JSON, of a List its items. `source` names it in places."""
    try:
        found = located_documents(data)
    except YamlError as error:
        template = ": it is a template, to be rendered first, as with `helm template`" if b"{{" in data else ""
        raise OperatorError(f"{source} is not YAML: {error}{template}") from None
    for document in found:
        if isinstance(document, LocatedMapping):
            line = min(document.lines.values(), default=0)
            yield from _items(InputObject(document, Place(source, line)))
        elif document is not None:
            raise OperatorError(f"{source}: a document in it is not an object")


def _items(document: InputObject) -> Iterator[InputObject]:
    """The objects of a List, also of one of a kind (`ServiceList`), whose items may lack their kind; else itself."""
    kind = document.get("kind")
    if not (isinstance(kind, str) and kind.endswith("List") and "items" in document):
        yield document
        return
    for item in document.objects("items"):
        if kind != "List" and isinstance(item.values, LocatedMapping):
            item.values.setdefault("kind", kind.removesuffix("List"))
            item.values.setdefault("apiVersion", document.get("apiVersion"))
        yield item
