"""Whether the update configuration finds what it is to move: where it does not, nothing is moved and nobody is told."""

import json
import re
from pathlib import Path

from settings.options import images
from tests.support.workflow_runner import PROJECT

CONFIGURATION = json.loads((PROJECT / "renovate.json").read_text())


def _found(place: str) -> list[dict[str, str]]:
    """What the custom managers find in a file, as Renovate reads them: its groups are JavaScript's."""
    text = (PROJECT / place).read_text()
    found: list[dict[str, str]] = []
    for manager in CONFIGURATION["customManagers"]:
        if any(re.search(pattern.strip("/"), place) for pattern in manager["managerFilePatterns"]):
            for pattern in manager["matchStrings"]:
                found += [match.groupdict() for match in re.finditer(pattern.replace("(?<", "(?P<"), text)]
    return found


def test_the_connectors_tag_moves_with_its_digest() -> None:
    assert _found("settings/options/images.py") == [
        {"depName": images.REPOSITORY, "currentValue": images.TAG, "currentDigest": images.DIGEST}
    ]
    versioning = CONFIGURATION["customManagers"][0]["versioningTemplate"].removeprefix("regex:")
    assert re.fullmatch(versioning.replace("(?<", "(?P<"), images.TAG)


def test_the_sample_sites_image_moves_with_its_digest() -> None:
    from components.sample_site import IMAGE

    (found,) = _found("components/sample_site.py")
    assert f"{found['depName']}:{found['currentValue']}@{found['currentDigest']}" == IMAGE


def test_python_pins_and_actions_are_moved_too() -> None:
    assert {"pip_requirements", "github-actions", "custom.regex"} <= set(CONFIGURATION["enabledManagers"])
    files = [*PROJECT.glob("requirements*.txt"), PROJECT / "plugin" / "requirements.txt"]
    # Renovate's default pattern for files of pip: https://docs.renovatebot.com/modules/manager/pip_requirements/
    pattern = r"(^|/)[\w-]*requirements([-.]\w+)?\.(txt|pip)$"
    assert [file for file in files if not re.search(pattern, str(file.relative_to(PROJECT)))] == []
    lines = [line for file in files for line in file.read_text().splitlines() if line and line[0] != "#"]
    pins = [line for line in lines if not re.fullmatch(r"-r requirements(-\w+)?\.txt", line)]
    assert [pin for pin in pins if not re.match(r"[a-z0-9._\[\]-]+==\d", pin, re.IGNORECASE)] == []


def test_each_release_says_what_an_update_changes() -> None:
    releases = re.split(r"^## ", Path(PROJECT, "CHANGELOG.md").read_text(), flags=re.MULTILINE)[1:]
    assert releases
    assert [text.splitlines()[0] for text in releases if "**On `pulumi up`:**" not in text] == []
