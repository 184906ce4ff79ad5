"""culvert for a Pulumi project of one's own: `culvert.run()` is a whole program.

`pip install` of this repository installs it with the packages that it consists of.
"""

import atexit
import gc
import importlib.util
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from components.exposure import Exposure, exports
    from settings import Settings

__all__ = ["Exposure", "Settings", "exports", "run"]

_PACKAGES = {"Exposure": "components.exposure", "exports": "components.exposure", "Settings": "settings"}


_calls: list[Any] = []
"""Calls that start plugins. gRPC cancels one that nothing refers to."""


def run() -> "Exposure":
    """Creates the exposure that the stack file describes, and exports its outputs.

    Raises ProgramSettingsError, which ends the program with a message for each mistake, before anything is created.
    """
    from clients.plugin_start import start_plugins

    # The process ends with the run, and nearly all of its objects live until then. To search them for unused ones, most
    # of all when the interpreter exits, took a third of the program's processor time (docs/scale.md).
    gc.disable()
    atexit.register(gc.freeze)
    # pydantic would search every installed package for plugins of its own.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    # This order: the plugins start while the SDKs are imported, and those lazily.
    _calls.extend(start_plugins())
    _import_lazily()
    import pulumi

    from components.exposure import Exposure, exports
    from settings import Settings, base_name
    from settings.program import ending_the_program

    with ending_the_program():
        exposure = Exposure(base_name(pulumi.get_project(), pulumi.get_stack()), Settings.load())
    for output, value in exports(exposure).items():
        pulumi.export(output, value)
    return exposure


def _import_lazily() -> None:
    from clients import lazy_sdk

    lazy_sdk.install()


def __getattr__(name: str) -> Any:
    if name not in _PACKAGES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    _import_lazily()
    return getattr(importlib.import_module(_PACKAGES[name]), name)


def _check_packages() -> None:
    for name in ("clients", "components", "settings"):
        found = importlib.util.find_spec(name)
        origin = Path(found.origin or "") if found else Path()
        if origin.parent.parent != Path(__file__).parent:
            raise ImportError(f"{origin} hides culvert's package {name!r}: give your module another name")


_check_packages()
