"""The Renovate configuration matches every version that it must update; Renovate itself reports no missing match."""

import json
import re
from pathlib import Path

from sandbox.kubelet.cloudflared_binary import RELEASES
from sandbox.tools.releases import pinned_checksums
from settings.options import images
from tests.support.workflow_runner import PROJECT

CONFIGURATION = json.loads((PROJECT / "renovate.json").read_text())


def _matches(path: str) -> list[dict[str, str]]:
    """The matches of the custom managers in a file. Their groups have JavaScript's syntax."""
    text = (PROJECT / path).read_text()
    matches: list[dict[str, str]] = []
    for manager in CONFIGURATION["customManagers"]:
        if any(re.search(pattern.strip("/"), path) for pattern in manager["managerFilePatterns"]):
            for pattern in manager["matchStrings"]:
                matches += [match.groupdict() for match in re.finditer(pattern.replace("(?<", "(?P<"), text)]
    return matches


def test_the_connectors_tag_is_updated_with_its_digest() -> None:
    assert _matches("settings/options/images.py") == [
        {"depName": images.REPOSITORY, "currentValue": images.TAG, "currentDigest": images.DIGEST}
    ]
    versioning = CONFIGURATION["customManagers"][0]["versioningTemplate"].removeprefix("regex:")
    assert re.fullmatch(versioning.replace("(?<", "(?P<"), images.TAG)


def test_the_checksums_of_cloudflared_are_updated_with_the_connectors_tag() -> None:
    pinned = {url.rsplit("/", 1)[-1]: digest for url, digest in pinned_checksums().items() if "cloudflared" in url}
    matches = _matches("sandbox/tools/checksums.txt")
    assert len(matches) == len(pinned) == len(RELEASES)
    assert {match["currentDigest"] for match in matches} == set(pinned.values())
    assert {(match["depName"], match["currentValue"]) for match in matches} == {(images.REPOSITORY, images.TAG)}
    # In one pull request: a test compares the versions.
    (rule,) = [rule for rule in CONFIGURATION["packageRules"] if rule.get("matchDepNames") == [images.REPOSITORY]]
    assert rule["groupName"]


def test_the_sample_sites_image_is_updated_with_its_digest() -> None:
    from components.sample_site import IMAGE

    (match,) = _matches("components/sample_site.py")
    assert f"{match['depName']}:{match['currentValue']}@{match['currentDigest']}" == IMAGE


def test_python_packages_and_actions_are_updated() -> None:
    assert {"pip_requirements", "github-actions", "custom.regex"} <= set(CONFIGURATION["enabledManagers"])
    files = [*PROJECT.glob("requirements*.txt"), PROJECT / "plugin" / "requirements.txt"]
    # Renovate's default pattern for files of pip: https://docs.renovatebot.com/modules/manager/pip_requirements/
    pattern = r"(^|/)[\w-]*requirements([-.]\w+)?\.(txt|pip)$"
    assert [file for file in files if not re.search(pattern, str(file.relative_to(PROJECT)))] == []
    lines = [line for file in files for line in file.read_text().splitlines() if line and line[0] != "#"]
    pins = [line for line in lines if not re.fullmatch(r"-r requirements(-\w+)?\.txt", line)]
    assert [pin for pin in pins if not re.match(r"[a-z0-9._\[\]-]+==\d", pin, re.IGNORECASE)] == []


def test_the_changelog_of_each_release_has_the_effects_of_pulumi_up() -> None:
    releases = re.split(r"^## ", Path(PROJECT, "CHANGELOG.md").read_text(), flags=re.MULTILINE)[1:]
    assert releases
    assert [text.splitlines()[0] for text in releases if "**On `pulumi up`:**" not in text] == []
