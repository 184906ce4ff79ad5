"""Lazy imports of the SDKs. Each test runs a fresh interpreter, since an import cannot be undone."""

import json
import subprocess
import sys

import pytest

pytestmark = pytest.mark.xdist_group("lazy-sdk")  # one worker makes the ordinary imports

# Every name of the packages' modules, and every class that the types of their properties refer to.
DESCRIBE = """
import importlib, inspect, json, pkgutil, sys
from typing import get_args
from pulumi import _types as types

described, waiting = {}, []
for package in map(importlib.import_module, sys.argv[1:]):
    for module in pkgutil.iter_modules(package.__path__):
        if not module.ispkg and not module.name.startswith("_") and module.name != "outputs":
            imported = importlib.import_module(f"{package.__name__}.{module.name}")
            waiting += [getattr(package, name) for name in imported.__all__]
while waiting:
    value = waiting.pop()
    waiting += get_args(value)
    name = f"{getattr(value, '__module__', '')}.{getattr(value, '__qualname__', '')}"
    if not name.startswith("pulumi_") or name in described:
        continue
    if inspect.isclass(value):
        types.is_input_type(value) or types.is_output_type(value)  # as the SDK asks before it uses a class
    described[name] = [str(inspect.signature(value)), value.__doc__]
    if inspect.isclass(value):
        hints = types._types_from_py_properties(value)
        waiting += hints.values()
        names = types._pulumi_to_py_names_from_py_properties(value)
        described[name] += [str(value.__mro__), sorted(vars(value)), names]
        described[name] += [{key: repr(hint) for key, hint in hints.items()}]
print(json.dumps(described))
"""
INSTALL = "from clients import lazy_sdk\nlazy_sdk.install()\n"
IS_LAZY = "any(type(finder).__module__ == 'clients.lazy_sdk' for finder in sys.meta_path)"
LOADED = "[m for m in sys.modules if m.startswith('pulumi_cloudflare.')]"
KUBERNETES = [f"pulumi_kubernetes.{group}.v1" for group in ("core", "apps", "meta", "networking", "policy")]
PACKAGES = ["pulumi_cloudflare", "pulumi_random", *KUBERNETES]


def printed(program: str, *arguments: str) -> str:
    completed = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True)
    assert completed.returncode == 0, completed.stderr
    return completed.stdout.strip()


NAMES = [
    "DnsRecord",
    "DnsRecordArgs, DnsRecord",
    "get_zone_output, get_zone",
    "get_zone, ZeroTrustTunnelCloudflaredConfig",
    "ZeroTrustTunnelCloudflaredConfigConfigIngressArgs, DnsRecord",  # not in a module of its own
    "ZeroTrustTunnelCloudflaredConfigConfigIngressArgsDict",  # for type checkers: executes all of `_inputs`
    "Provider, outputs, config",
]


def print_names(names: str) -> str:
    return f"from pulumi_cloudflare import {names}; print(*(value.__name__ for value in ({names},)))"


@pytest.fixture(scope="module")
def ordinary_import() -> list[str]:
    """The lines that one program prints whose imports are ordinary: they take seconds, so the tests share it."""
    names = "\n".join(map(print_names, NAMES))
    return printed(f"import components, sys\nprint({IS_LAZY})\n{names}\n{DESCRIBE}", *PACKAGES).splitlines()


def test_every_class_equals_that_of_an_ordinary_import(ordinary_import: list[str]) -> None:
    ordinary = json.loads(ordinary_import[-1])
    for package in PACKAGES:
        assert sum(name.startswith(package) for name in ordinary) > 10
    assert json.loads(printed(INSTALL + DESCRIBE, *PACKAGES)) == ordinary


def test_importing_the_components_loads_only_what_every_stack_needs() -> None:
    kubernetes = "[m for m in sys.modules if m.startswith('pulumi_kubernetes.core.v1')]"
    cloudflare_modules, kubernetes_modules = printed(
        f"{INSTALL}import components, sys; print(len({LOADED}), len({kubernetes}))"
    ).split()
    assert cloudflare_modules == "0"
    assert 0 < int(kubernetes_modules) < 20


def test_the_sandboxs_engine_loads_no_whole_sdk() -> None:
    modules = "[m for m in sys.modules if m.startswith(('pulumi_cloudflare.', 'pulumi_kubernetes.'))]"
    program = f"from sandbox.commands.context import engine_class; import sys; engine_class(); print(len({modules}))"
    assert 0 < int(printed(program)) < 100


def test_a_resource_class_is_loaded_without_the_others() -> None:
    classes = "sum(isinstance(value, type) for value in vars(sys.modules['pulumi_cloudflare._inputs']).values())"
    program = f"{INSTALL}import components, sys; from pulumi_cloudflare import DnsRecord"
    modules, loaded_classes = printed(f"{program}; print(len({LOADED}), {classes})").split()
    assert 0 < int(modules) < 10
    assert 0 < int(loaded_classes) < 20


def test_a_name_is_that_of_an_ordinary_import(ordinary_import: list[str]) -> None:
    # One interpreter suffices for ordinary imports, which load everything; each lazy import needs a fresh one.
    assert [printed(INSTALL + print_names(names)) for names in NAMES] == ordinary_import[1:-1]


def test_an_already_imported_sdk_is_used_unchanged() -> None:
    program = "import components.records as r; print(r.cloudflare.DnsRecord is c.DnsRecord)"
    program = f"import pulumi_cloudflare as c\n{INSTALL}{program}"
    assert printed(program) == "True"


def test_an_unknown_name_is_an_attribute_error() -> None:
    program = f"{INSTALL}import pulumi_cloudflare as c\ntry: c.Tunel\nexcept AttributeError as error: print(error)"
    assert printed(program) == "module 'pulumi_cloudflare' has no attribute 'Tunel'"


def test_importing_the_components_in_another_program_leaves_imports_ordinary(ordinary_import: list[str]) -> None:
    assert ordinary_import[0] == "False"
    assert printed(f"{INSTALL}import sys\nprint({IS_LAZY})") == "True"


def test_an_environment_variable_disables_lazy_imports(monkeypatch: pytest.MonkeyPatch) -> None:
    program = f"import sys\nbefore = [*sys.meta_path]\n{INSTALL}print(sys.meta_path == before)"
    assert printed(program) == "False"
    monkeypatch.setenv("CULVERT_LAZY_SDK", "0")
    assert printed(program) == "True"
