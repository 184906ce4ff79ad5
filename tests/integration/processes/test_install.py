"""`pip install` of this repository: the program's packages and no others, and a clear error for a name in the way."""

import subprocess
import sys
from importlib.metadata import PathDistribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from plugin.package import REPOSITORY, VERSION
from tests.support.checkouts import checkout
from tests.support.paths import PROJECT


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that culvert is installed into, from a copy: pip leaves what it builds in the source."""
    folder = tmp_path_factory.mktemp("install")
    offline = ["--no-build-isolation", "--no-deps", "--no-index", "--disable-pip-version-check", "--quiet"]
    source = checkout(folder / "source")
    command = [sys.executable, "-m", "pip", "install", *offline, "--target", str(folder / "packages"), str(source)]
    completed = subprocess.run(command, capture_output=True, text=True)
    assert completed.returncode == 0, completed.stderr
    return folder / "packages"


def imports(installed: Path, folder: Path, program: str) -> subprocess.CompletedProcess[str]:
    env = {"PYTHONPATH": str(installed)}
    return subprocess.run([sys.executable, "-c", program], cwd=folder, env=env, capture_output=True, text=True)


def test_it_has_what_a_program_needs_and_nothing_else(installed: Path, tmp_path: Path) -> None:
    (metadata,) = installed.glob("culvert-*.dist-info")
    assert {path.name for path in installed.iterdir()} - {metadata.name, "__pycache__"} == {
        "clients",
        "components",
        "culvert.py",
        "settings",
    }
    distribution = PathDistribution(metadata)
    assert distribution.version == VERSION
    pinned = (PROJECT / "plugin" / "requirements.txt").read_text().splitlines()
    assert {Requirement(line) for line in distribution.requires or []} == {
        Requirement(line) for line in pinned if not line.startswith("#")
    }
    completed = imports(installed, tmp_path, "import culvert; print(culvert.__file__, culvert.Exposure.__name__)")
    assert completed.stdout.split() == [str(installed / "culvert.py"), "Exposure"], completed.stderr


def test_a_module_of_the_same_name_is_named(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "settings.py").touch()
    completed = imports(installed, tmp_path, "import culvert")
    assert completed.stderr.splitlines()[-1] == (
        f"ImportError: {tmp_path / 'settings.py'} hides culvert's package 'settings': give your module another name"
    )


def test_the_templates_name_the_released_version() -> None:
    tag = f"v{VERSION}"
    requirement = (PROJECT / "templates/python/requirements.txt").read_text().splitlines()[-1]
    assert requirement == f"culvert @ git+{REPOSITORY}@{tag}"
    assert f"/plugin@{tag}\n" in (PROJECT / "templates/yaml/Pulumi.yaml").read_text()
