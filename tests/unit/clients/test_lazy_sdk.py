"""Lazy imports of the SDKs. Each test runs a fresh interpreter, since an import cannot be undone."""

import json
import subprocess
import sys

import pytest

# Every name of a package's modules, and every class that the types of their properties refer to.
DESCRIBE = """
import importlib, inspect, json, pkgutil, sys
from typing import get_args
from pulumi import _types as types

package = importlib.import_module(sys.argv[1])
described, waiting = {}, []
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
LOADED = "[m for m in sys.modules if m.startswith('pulumi_cloudflare.')]"
KUBERNETES = [f"pulumi_kubernetes.{group}.v1" for group in ("core", "apps", "meta", "networking", "policy")]


def printed(program: str, *arguments: str) -> str:
    completed = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True)
    assert completed.returncode == 0, completed.stderr
    return completed.stdout.strip()


@pytest.mark.parametrize("package", ["pulumi_cloudflare", *KUBERNETES])
def test_every_class_equals_that_of_an_ordinary_import(package: str) -> None:
    ordinary = json.loads(printed(DESCRIBE, package))
    assert len(ordinary) > 10
    assert json.loads(printed(INSTALL + DESCRIBE, package)) == ordinary


def test_importing_the_components_loads_only_what_every_stack_needs() -> None:
    kubernetes = "[m for m in sys.modules if m.startswith('pulumi_kubernetes.core.v1')]"
    cloudflare_modules, kubernetes_modules = printed(
        f"{INSTALL}import components, sys; print(len({LOADED}), len({kubernetes}))"
    ).split()
    assert cloudflare_modules == "0"
    assert 0 < int(kubernetes_modules) < 20


def test_a_resource_class_is_loaded_without_the_others() -> None:
    classes = "sum(isinstance(value, type) for value in vars(sys.modules['pulumi_cloudflare._inputs']).values())"
    program = f"{INSTALL}import components, sys; from pulumi_cloudflare import DnsRecord"
    modules, loaded_classes = printed(f"{program}; print(len({LOADED}), {classes})").split()
    assert 0 < int(modules) < 10
    assert 0 < int(loaded_classes) < 20


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


def test_a_name_is_that_of_an_ordinary_import() -> None:
    # One interpreter suffices for ordinary imports, which load everything; each lazy import needs a fresh one.
    ordinary = printed("\n".join(map(print_names, NAMES))).splitlines()
    assert [printed(INSTALL + print_names(names)) for names in NAMES] == ordinary


def test_an_already_imported_sdk_is_used_unchanged() -> None:
    program = "import components.records as r; print(r.cloudflare.DnsRecord is c.DnsRecord)"
    program = f"import pulumi_cloudflare as c\n{INSTALL}{program}"
    assert printed(program) == "True"


def test_an_unknown_name_is_an_attribute_error() -> None:
    program = f"{INSTALL}import pulumi_cloudflare as c\ntry: c.Tunel\nexcept AttributeError as error: print(error)"
    assert printed(program) == "module 'pulumi_cloudflare' has no attribute 'Tunel'"


def test_importing_the_components_in_another_program_leaves_imports_ordinary() -> None:
    program = (
        "import sys, components; print(any(type(finder).__module__ == 'clients.lazy_sdk' for finder in sys.meta_path))"
    )
    assert printed(program) == "False"


def test_an_environment_variable_disables_lazy_imports(monkeypatch: pytest.MonkeyPatch) -> None:
    program = f"import sys\nbefore = [*sys.meta_path]\n{INSTALL}print(sys.meta_path == before)"
    assert printed(program) == "False"
    monkeypatch.setenv("CULVERT_LAZY_SDK", "0")
    assert printed(program) == "True"
