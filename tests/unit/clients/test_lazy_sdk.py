"""What is made of the SDKs, each time in a fresh interpreter, since an import cannot be taken back."""

import json
import subprocess
import sys

import pytest

# Every name of the modules of a package, and every class that can be reached by the types of their properties.
DESCRIBE = """
import importlib, inspect, json, pkgutil, sys
from typing import get_args
from pulumi import _types as types

package = importlib.import_module(sys.argv[1])
described, waiting = {}, []
for module in pkgutil.iter_modules(package.__path__):
    if not module.ispkg and not module.name.startswith("_") and module.name != "outputs":
        found = importlib.import_module(f"{package.__name__}.{module.name}")
        waiting += [getattr(package, name) for name in found.__all__]
while waiting:
    one = waiting.pop()
    waiting += get_args(one)
    name = f"{getattr(one, '__module__', '')}.{getattr(one, '__qualname__', '')}"
    if not name.startswith("pulumi_") or name in described:
        continue
    described[name] = [str(inspect.signature(one)), one.__doc__]
    if inspect.isclass(one):
        of = types._types_from_py_properties(one)
        waiting += of.values()
        named = types._pulumi_to_py_names_from_py_properties(one)
        described[name] += [str(one.__mro__), sorted(vars(one)), named, {name: repr(type) for name, type in of.items()}]
print(json.dumps(described))
"""
INSTALL = "from clients import lazy_sdk\nlazy_sdk.install()\n"
MADE = "[m for m in sys.modules if m.startswith('pulumi_cloudflare.')]"
KUBERNETES = [f"pulumi_kubernetes.{group}.v1" for group in ("core", "apps", "meta", "networking", "policy")]


def printed(program: str, *arguments: str) -> str:
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("package", ["pulumi_cloudflare", *KUBERNETES])
def test_every_class_is_what_an_ordinary_import_makes(package: str) -> None:
    ordinary = json.loads(printed(DESCRIBE, package))
    assert len(ordinary) > 10
    assert json.loads(printed(INSTALL + DESCRIBE, package)) == ordinary


def test_importing_the_components_makes_nothing_that_a_stack_may_do_without() -> None:
    kubernetes = "[m for m in sys.modules if m.startswith('pulumi_kubernetes.core.v1')]"
    cloudflares, kubernetes_own = printed(
        f"{INSTALL}import components, sys; print(len({MADE}), len({kubernetes}))"
    ).split()
    assert cloudflares == "0"
    assert 0 < int(kubernetes_own) < 20


def test_a_resource_is_made_without_the_others() -> None:
    classes = "sum(isinstance(each, type) for each in vars(sys.modules['pulumi_cloudflare._inputs']).values())"
    program = f"{INSTALL}import components, sys; from pulumi_cloudflare import DnsRecord"
    modules, made_classes = printed(f"{program}; print(len({MADE}), {classes})").split()
    assert 0 < int(modules) < 10
    assert 0 < int(made_classes) < 20


NAMES = [
    "DnsRecord",
    "DnsRecordArgs, DnsRecord",
    "get_zone_output, get_zone",
    "get_zone, ZeroTrustTunnelCloudflaredConfig",
    "ZeroTrustTunnelCloudflaredConfigConfigIngressArgs, DnsRecord",  # in no module of its own
    "ZeroTrustTunnelCloudflaredConfigConfigIngressArgsDict",  # for type checkers: the whole of `_inputs` is run
    "Provider, outputs, config",
]


def named(names: str) -> str:
    return f"from pulumi_cloudflare import {names}; print(*(each.__name__ for each in ({names},)))"


def test_a_name_is_what_it_is_in_the_package() -> None:
    # An ordinary import makes all of them at once, whatever was asked for before; a lazy one is tried afresh for each.
    ordinary = printed("\n".join(map(named, NAMES))).splitlines()
    assert [printed(INSTALL + named(names)) for names in NAMES] == ordinary


def test_what_was_imported_already_is_used_as_it_is() -> None:
    program = "import components.records as r; print(r.cloudflare.DnsRecord is c.DnsRecord)"
    program = f"import pulumi_cloudflare as c\n{INSTALL}{program}"
    assert printed(program) == "True"


def test_a_name_that_there_is_not_is_said_to_be_missing() -> None:
    program = f"{INSTALL}import pulumi_cloudflare as c\ntry: c.Tunel\nexcept AttributeError as error: print(error)"
    assert printed(program) == "module 'pulumi_cloudflare' has no attribute 'Tunel'"


def test_a_program_of_its_own_gets_ordinary_imports_from_the_components() -> None:
    program = (
        "import sys, components; print(any(type(each).__module__ == 'clients.lazy_sdk' for each in sys.meta_path))"
    )
    assert printed(program) == "False"


def test_the_environment_turns_it_off(monkeypatch: pytest.MonkeyPatch) -> None:
    program = f"import sys\nbefore = [*sys.meta_path]\n{INSTALL}print(sys.meta_path == before)"
    assert printed(program) == "False"
    monkeypatch.setenv("CULVERT_LAZY_SDK", "0")
    assert printed(program) == "True"
