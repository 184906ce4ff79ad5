"""Lazy imports of Pulumi's SDKs of Cloudflare, Kubernetes and random.

Problem: `import pulumi_cloudflare` runs nearly 800 modules and builds 12,000 classes, of which a stack uses about 40.
It takes longer than everything else that the program does before its first resource.

Work-around: a finder on `sys.meta_path` (https://docs.python.org/3/reference/import.html#finders-and-loaders) replaces
the loaders of these packages. A resource's module runs, and a class of arguments or results is built, when its name is
first looked up (https://peps.python.org/pep-0562/). It depends on how the SDKs are generated: one decorator before each
class, names in annotations quoted. `CULVERT_LAZY_SDK=0` turns it off.

Upstream: https://github.com/pulumi/pulumi/pull/6827 made the subpackages of an SDK lazy; pulumi_cloudflare has none,
and the modules of a package are not. Delete this module once `import pulumi_cloudflare` takes less than half a second.
"""

import importlib
import os
import re
import sys
from collections.abc import Iterable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from itertools import takewhile
from types import ModuleType
from typing import Any

import pulumi

from clients.class_store import ClassStore, module_code, strings

_PACKAGES = re.compile(r"pulumi_(cloudflare|random)\b|pulumi_kubernetes\.\w+\.v\d\w*\b")
# What the generator of the SDKs, pulumi-language-python, puts before each class of these modules, the class's bases,
# and the mark of the other kind, which the SDK looks for in annotations too.
_GENERATED = {
    "_inputs": (pulumi.input_type, (), "_pulumi_output_type"),
    "outputs": (pulumi.output_type, (dict,), "_pulumi_input_type"),
}

_TYPES = "_culvert_types"
"""Attribute of a class whose statements have not run: the _Types that have them."""


def install() -> None:
    """Make later imports of the SDKs lazy, unless `CULVERT_LAZY_SDK` is `0`. What is imported already stays as it
    is."""
    if os.environ.get("CULVERT_LAZY_SDK") != "0" and not any(isinstance(each, _Finder) for each in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


class _Lazy:
    """A module that is run as a whole only for a name that cannot be had in another way."""

    def __init__(self, module: ModuleType, ordinary: SourceFileLoader) -> None:
        self._module = module
        self._names = vars(module)
        self._ordinary = ordinary
        self._names["__getattr__"] = self.get

    def get(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        self._find(name)
        if name not in self._names and self._names.pop("__getattr__", None):
            self._ordinary.exec_module(self._module)
        try:
            return self._names[name]
        except KeyError:
            raise AttributeError(f"module {self._module.__name__!r} has no attribute {name!r}") from None

    def _find(self, name: str) -> None:
        """Puts the name, where it can be had alone, among the module's."""
        raise NotImplementedError


class _Package(_Lazy):
    """A package whose modules are run at the first use of a name that they define."""

    def _find(self, name: str) -> None:
        package = self._module.__name__
        # `Secret` and `SecretInitArgs` are in `Secret`, `DnsRecordArgs` is in `dns_record`, `get_zone_output` in
        # `get_zone`.
        stem = re.sub(r"((Init)?Args|_output)$", "", name)
        for module in (stem, re.sub(r"(?<=.)(?=[A-Z])", "_", stem).lower()):
            if PathFinder.find_spec(f"{package}.{module}", self._module.__path__):
                found = importlib.import_module(f"{package}.{module}")
                # Under its own name even while it is being run; and all of its names, of which a function's may be the
                # same.
                self._names[module] = found
                self._names.update({each: getattr(found, each) for each in getattr(found, "__all__", [])})
        if name not in self._names and PathFinder.find_spec(f"{package}._inputs", self._module.__path__):
            found = getattr(importlib.import_module(f"{package}._inputs"), name, None)
            if isinstance(found, _OnDemand):
                found.make()
            self._names.update({name: found} if found else {})


class _OnDemand(type):
    """The type of a class whose statements run when it is first used, and not when an annotation mentions it."""

    def __getattr__(cls, name: str) -> Any:
        types: _Types | None = vars(cls).get(_TYPES)
        # `typing` looks for attributes with two underscores in every type.
        if types is None or name == types.absent_mark or name.startswith("__"):
            raise AttributeError(f"type object {cls.__name__!r} has no attribute {name!r}")
        cls.make()
        return getattr(cls, name)

    def make(cls) -> None:
        if types := vars(cls).get(_TYPES):
            delattr(cls, _TYPES)
            delattr(cls, "__init__")
            types.fill(cls)


def _first_use(self: Any, *args: Any, **kwargs: Any) -> None:
    """The `__init__` of a class whose statements have not run."""
    for each in type(self).__mro__:
        if isinstance(each, _OnDemand):
            each.make()
    self.__init__(*args, **kwargs)


class _Types(_Lazy):
    """The classes of arguments (`_inputs`) or of results (`outputs`) of a package, each made when it is first used."""

    def __init__(self, module: ModuleType, ordinary: SourceFileLoader) -> None:
        super().__init__(module, ordinary)
        self._decorate, self._bases, self.absent_mark = _GENERATED[module.__name__.rpartition(".")[2]]
        self._bodies = ClassStore(ordinary)
        with open(ordinary.path, encoding="utf-8") as lines:
            head = "".join(takewhile(lambda line: not line.startswith(("__all__", "class ", "@")), lines))
        exec(compile(head, ordinary.path, "exec"), self._names)  # noqa: S102 - the imports, with which the module begins
        self._names["__all__"] = []

    def _find(self, name: str) -> None:
        if name in self._bodies.names:
            own = {"__module__": self._module.__name__, "__init__": _first_use, _TYPES: self}
            self._names[name] = _OnDemand(name, self._bases, own)

    def fill(self, empty: type) -> None:
        """Gives a class what its statements define, and its module what its annotations mention."""
        body, mentioned = self._bodies[empty.__name__]
        defined: dict[str, Any] = {}
        exec(body, self._names, defined)  # noqa: S102 - as the statement `class` does
        if cell := defined.pop("__classcell__", None):
            cell.cell_contents = empty  # what `super()` finds in its methods
        for name, value in defined.items():
            setattr(empty, name, value)
        self._decorate(empty)
        self.give(self._module, mentioned)

    def give(self, module: ModuleType, mentioned: Iterable[str]) -> None:
        """Puts classes that annotations of a module mention among its names, where they are looked for."""
        for name in self._bodies.names & mentioned - vars(module).keys():
            setattr(module, name, self.get(name))


class _Loader(Loader):
    def __init__(self, ordinary: SourceFileLoader) -> None:
        self.ordinary = ordinary

    def exec_module(self, module: ModuleType) -> None:
        package, _, last = module.__name__.rpartition(".")
        if hasattr(module, "__path__"):
            _Package(module, self.ordinary)
        elif last in _GENERATED:
            _Types(module, self.ordinary)
        else:
            code = module_code(self.ordinary)
            exec(code, vars(module))  # noqa: S102 - as the ordinary loader does
            get = vars(sys.modules.get(f"{package}._inputs", module)).get("__getattr__")
            if isinstance(types := getattr(get, "__self__", None), _Types):
                # It has imported all (`*`) of what is in there, which was nothing.
                types.give(module, strings(code))


class _Finder(MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        spec = PathFinder.find_spec(fullname, path, target) if _PACKAGES.match(fullname) else None
        if not spec or not isinstance(spec.loader, SourceFileLoader):
            return None
        within = spec.submodule_search_locations
        if within and "." in fullname and not PathFinder.find_spec(f"{fullname}._inputs", within):
            return None
        spec.loader = _Loader(spec.loader)
        return spec
