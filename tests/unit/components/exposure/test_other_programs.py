"""`Exposure` in another Python program, as docs/languages.md shows it."""

import re
import runpy
from pathlib import Path

import pytest

from settings import SettingsError
from tests.support.mock_recorder import TUNNEL_ID, Deploy
from tests.support.paths import PROJECT


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The program on the page, in a project of its own."""
    page = (PROJECT / "docs" / "languages.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^```python\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "__main__.py").write_text(block)
    monkeypatch.chdir(folder)
    return folder / "__main__.py"


def test_the_pages_program_creates_a_whole_exposure(deploy: Deploy, program: Path) -> None:
    recorded = deploy(lambda: runpy.run_path(str(program), run_name="__main__"))
    assert recorded.outputs["pulumi:pulumi:Stack"] == {"urls": ["https://blog.example.com"]}
    assert recorded.one("DnsRecord").inputs["content"] == f"{TUNNEL_ID}.cfargotunnel.com"
    assert recorded.one("Namespace").inputs["metadata"]["name"] == "culvert-dev"
    assert "culvert:index:Exposure culvert-dev" in recorded.components


def test_mistakes_in_its_settings_have_the_messages_of_a_stack_file(deploy: Deploy, program: Path) -> None:
    program.write_text(program.read_text().replace("http://blog", "blog"))
    with pytest.raises(SettingsError, match=r"culvert:routes\[0\]\.service"):
        deploy(lambda: runpy.run_path(str(program), run_name="__main__"))


def test_an_invalid_object_name_is_rejected(deploy: Deploy, program: Path) -> None:
    program.write_text(program.read_text().replace('f"{pulumi.get_project()}-{pulumi.get_stack()}"', '"My_Blog"'))
    with pytest.raises(SettingsError, match='"My_Blog" is not a valid name'):
        deploy(lambda: runpy.run_path(str(program), run_name="__main__"))
