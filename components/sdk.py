"""Cloudflare's SDK, of which only what is used is imported.

`import pulumi_cloudflare` runs nearly 800 modules, and takes longer than everything else that this program does before it asks
for its first resource. Each module imports what it needs of the others, so none has to wait for its package to be whole.
"""

import importlib
import importlib.util
import re
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any


class Package(ModuleType):
    """A package of a Pulumi SDK whose modules are imported at the first use of a name that they define.

    A name that is in no module of its own (of `_inputs`, say) has the whole package imported, as an ordinary import would.
    """

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        assert self.__spec__
        # `DnsRecord` and `DnsRecordArgs` are in `dns_record`; `get_zone` and `get_zone_output` in `get_zone`.
        module = re.sub(r"(?<=.)(?=[A-Z])", "_", re.sub(r"(Args|_output)$", "", name)).lower()
        if importlib.util.find_spec(f"{self.__name__}.{module}"):
            found = importlib.import_module(f"{self.__name__}.{module}")
            # All of its names: the import has left the module itself under the name of its function.
            vars(self).update({each: getattr(found, each) for each in found.__all__})
        if name not in vars(self):
            assert self.__spec__.loader
            self.__spec__.loader.exec_module(self)
        try:
            return vars(self)[name]
        except KeyError:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}") from None


def package(name: str) -> ModuleType:
    """The package as it is, where something has imported it, else one that imports what it is asked for."""
    if name not in sys.modules:
        spec = importlib.util.find_spec(name)
        if spec is None:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        lazy = Package(name)
        lazy.__spec__ = spec
        lazy.__path__ = spec.submodule_search_locations or []
        lazy.__package__ = name
        lazy.__file__ = spec.origin
        sys.modules[name] = lazy
    return sys.modules[name]


if TYPE_CHECKING:
    import pulumi_cloudflare as cloudflare
else:
    cloudflare = package("pulumi_cloudflare")
