"""The compiled classes of a module one by one, in a file beside the compiled module.

Python reads a compiled module as a whole. Of `pulumi_cloudflare.outputs` these are nine megabytes, of whose classes a
run uses ten.
"""

import contextlib
import marshal
import mmap
import os
import sys
import tempfile
from collections.abc import Iterator, KeysView, Mapping
from importlib.machinery import SourceFileLoader
from importlib.util import MAGIC_NUMBER, cache_from_source
from pathlib import Path
from types import CodeType

Body = tuple[CodeType, tuple[str, ...]]
"""The code of the statements in a class, and the names of the module's other classes that it mentions."""
_LENGTH = 8


class ClassStore:
    """The bodies of a module's classes by name. Those that only type checkers use, `…ArgsDict`, are not among them."""

    def __init__(self, loader: SourceFileLoader) -> None:
        self._content, self._offsets = _read(loader) or (b"", {})
        self._codes = {} if self._offsets else _codes(loader)
        # Not where the interpreter may write no compiled modules either, as in a folder of another owner.
        if self._codes and not sys.dont_write_bytecode and os.access(_path(loader).parent, os.W_OK):
            _write(loader, {name: self[name] for name in self._codes})

    @property
    def names(self) -> KeysView[str]:
        return self._offsets.keys() or self._codes.keys()

    def __getitem__(self, name: str) -> Body:
        if code := self._codes.get(name):
            return code, tuple({*strings(code)} & self._codes.keys() - {name})
        # What follows the value is ignored.
        return marshal.loads(self._content[self._offsets[name] :])


def module_code(loader: SourceFileLoader) -> CodeType:
    """The code of a module, compiled where necessary."""
    code = loader.get_code(loader.name)
    assert code
    return code


def strings(code: CodeType) -> Iterator[str]:
    """The strings in a module, a class or a function, at any depth. Annotations that name a class are among them."""
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from strings(constant)
        else:
            yield from (
                each for each in (constant if isinstance(constant, tuple) else [constant]) if isinstance(each, str)
            )


def _path(loader: SourceFileLoader) -> Path:
    return Path(cache_from_source(loader.path)).with_suffix(".classes")


def _key(loader: SourceFileLoader) -> tuple[bytes, int, int]:
    """As the interpreter recognizes a compiled module that is not of this source."""
    source = os.stat(loader.path)
    return MAGIC_NUMBER, source.st_mtime_ns, source.st_size


def _read(loader: SourceFileLoader) -> tuple[memoryview, dict[str, int]] | None:
    try:
        with open(_path(loader), "rb") as file:
            data = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        end = _LENGTH + int.from_bytes(data[:_LENGTH], "big")
        key, offsets = marshal.loads(data[_LENGTH:end])
    except (OSError, EOFError, ValueError, TypeError):
        return None
    return (data[end:], offsets) if key == _key(loader) else None


def _codes(loader: SourceFileLoader) -> dict[str, CodeType]:
    """The code of each class, from the whole module."""
    found = [each for each in module_code(loader).co_consts if isinstance(each, CodeType)]
    # Those for type checkers have another base.
    return {each.co_name: each for each in found if not each.co_name.endswith("ArgsDict")}


def _write(loader: SourceFileLoader, bodies: Mapping[str, Body]) -> None:
    content, offsets = bytearray(), dict[str, int]()
    for name, body in bodies.items():
        offsets[name] = len(content)
        content += marshal.dumps(body)
    head = marshal.dumps((_key(loader), offsets))
    # Where this fails, the next run reads the whole module again.
    with contextlib.suppress(OSError):
        _replace(_path(loader), len(head).to_bytes(_LENGTH, "big") + head + content)


def _replace(path: Path, content: bytes) -> None:
    """Writes a file that another process may be reading or writing."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.")
    try:
        with open(handle, "wb") as file:
            file.write(content)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink()
        raise
