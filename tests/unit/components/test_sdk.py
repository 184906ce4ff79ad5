"""What is imported of Cloudflare's SDK, each time in a fresh interpreter, since an import cannot be taken back."""

import subprocess
import sys

import pytest


def printed(program: str) -> str:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_components_import_what_they_use_and_no_more() -> None:
    imported = "sorted(m for m in sys.modules if m.startswith('pulumi_cloudflare.'))"
    shared = {f"pulumi_cloudflare.{module}" for module in ("_inputs", "_utilities", "config", "outputs")}
    found = set(printed(f"import components, sys; print(*{imported})").split())
    assert "pulumi_cloudflare._utilities" in found
    assert len(found - shared) < 20


@pytest.mark.parametrize(
    "names",
    [
        "DnsRecord",
        "DnsRecordArgs DnsRecord",
        "get_zone_output get_zone",
        "get_zone ZeroTrustTunnelCloudflaredConfig",
        "ZeroTrustTunnelCloudflaredConfigConfigIngressArgs DnsRecord",  # in no module of its own
        "Provider outputs",
    ],
)
def test_a_name_is_what_it_is_in_the_package(names: str) -> None:
    found = " ".join(f"c.{name}" for name in names.split())
    assert printed(
        f"from components.sdk import cloudflare as c; found = {found.replace(' ', ', ')},; "
        "c.ZeroTrustTunnelCloudflaredConfigConfigIngressArgs; import pulumi_cloudflare; "
        f"print(found == tuple(getattr(pulumi_cloudflare, name) for name in {names.split()!r}), *map(callable, found))"
    ).startswith("True True")


def test_a_package_that_is_imported_already_is_used_as_it_is() -> None:
    assert (
        printed("import pulumi_cloudflare; from components.sdk import cloudflare as c; print(c is pulumi_cloudflare)")
        == "True"
    )


def test_a_name_that_there_is_not_is_said_to_be_missing() -> None:
    program = "from components.sdk import cloudflare as c\ntry: c.Tunel\nexcept AttributeError as error: print(error)"
    assert printed(program) == "module 'pulumi_cloudflare' has no attribute 'Tunel'"


def test_a_package_that_is_not_installed_is_named() -> None:
    program = "from components.sdk import package\ntry: package('pulumi_nowhere')\nexcept ImportError as error: print(error.name)"
    assert printed(program) == "pulumi_nowhere"
