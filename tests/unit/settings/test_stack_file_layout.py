"""Stack files whose settings are not where or as the engine expects them: on the wrong level, without the prefix, in
the
wrong shape. Every message says how to write it."""

from pathlib import Path

import pytest

from settings import Settings, SettingsError
from settings.key_paths import place_of
from tests.support.settings_examples import ACCOUNT, rejection

ID = f'culvert:accountId: "{ACCOUNT}"'
REST = "  culvert:zones: example.com\n  culvert:routes: blog.example.com\n"


def issues(folder: Path, text: str) -> list[str]:
    """The messages about a stack file, each with its line."""
    path = folder / "Pulumi.dev.yaml"
    path.write_text(text)
    return [issue.message for issue in rejection(Settings.from_stack_file, path).issues]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            f'config:\n  accountId: "{ACCOUNT}"\n{REST}',
            "accountId (Pulumi.dev.yaml:2) is without its prefix. Accepted: culvert:accountId.",
        ),
        (
            f'config:\n  {ID}\n{REST}  accountId: "{ACCOUNT}"\n',
            "accountId (Pulumi.dev.yaml:5) is culvert:accountId once more, and which of the two is used is chance. "
            "Accepted: culvert:accountId.",
        ),
        (
            f"{ID}\nconfig:\n{REST}",
            "culvert:accountId (Pulumi.dev.yaml:1) is outside config, where the engine does not read it. "
            "Accepted: culvert:accountId below config.",
        ),
        (
            f'config:\n{REST}accountId: "{ACCOUNT}"\n',
            "accountId (Pulumi.dev.yaml:4) is outside config, where the engine does not read it. "
            "Accepted: culvert:accountId below config.",
        ),
        (
            f"conf:\n  {ID}\n{REST}",
            "conf (Pulumi.dev.yaml:1) is not a key of a stack file. "
            "Accepted: config, with culvert:accountId and so on below it.",
        ),
        (
            f'config:\n  culvert:\n    accountId: "{ACCOUNT}"\n    zones: example.com\n    routes: blog.example.com\n',
            "culvert (Pulumi.dev.yaml:2) is no group: the prefix belongs to each key. "
            "Accepted: culvert:accountId and so on, directly below config.",
        ),
        (
            f'config:\n  culvert:config:accountId: "{ACCOUNT}"\n{REST}',
            "culvert:config:accountId (Pulumi.dev.yaml:2) is the engine's longer form of a key. "
            "Accepted: culvert:accountId.",
        ),
        (
            f'config:\n  Culvert:accountId: "{ACCOUNT}"\n{REST}',
            "Culvert:accountId (Pulumi.dev.yaml:2) is not a setting of culvert: the prefix is misspelled. "
            "Accepted: culvert:accountId.",
        ),
        (
            f"config:\n  {ID}\n  replicas: 3\n{REST}",
            "replicas (Pulumi.dev.yaml:3) is neither a setting nor below the one that it belongs to. "
            "Accepted: replicas below culvert:connector.",
        ),
        (
            f"config:\n  - {ID}\n  - culvert:zones: example.com\n  - culvert:routes: blog.example.com\n",
            "config (Pulumi.dev.yaml:1): must be an object, but is a list. "
            "Accepted: its keys without hyphens: culvert:accountId: ….",
        ),
        (
            "config: blog.example.com\n",
            "config (Pulumi.dev.yaml:1): must be an object, but is a single value. "
            "Accepted: one key a line, indented: culvert:accountId: ….",
        ),
        (
            "- config\n",
            "Pulumi.dev.yaml: must be an object with the key config. Accepted: config, and below it one key a line.",
        ),
    ],
)
def test_a_misplaced_setting_is_the_only_mistake_and_its_right_form_is_given(
    tmp_path: Path, text: str, message: str
) -> None:
    assert issues(tmp_path, text) == [message]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("culvert:replicas: 3", "is an unknown setting here (it belongs elsewhere: replicas below culvert:connector)"),
        (
            "culvert:connector: {sampleSite: true}",
            "is an unknown setting here (it belongs elsewhere: culvert:sampleSite directly below config)",
        ),
        (
            "culvert:connector: {hostname: x.example.com}",
            "hostname below culvert:loadBalancer or hostname in an entry of culvert:routes",
        ),
        ("culvert:connector: {protcol: quic}", "is an unknown setting (did you mean protocol?)"),
        (
            "culvert:connector.replicas: 3",
            'culvert:["connector.replicas"] (Pulumi.dev.yaml:5) is an unknown setting '
            "(a path; write replicas below culvert:connector, indented)",
        ),
        ("culvert:connector:", "null must be an object: indent its keys further than the key itself, or leave it out"),
        ("culvert:connector: [{replicas: 3}]", "must be an object: write replicas: … without a hyphen"),
        (
            "culvert:notify: {email: {address: a@example.com}}",
            "must be a list: write a hyphen before address, and indent the lines after it alike",
        ),
    ],
)
def test_a_key_on_the_wrong_level_or_of_the_wrong_shape_is_explained(
    tmp_path: Path, settings: str, message: str
) -> None:
    (found,) = issues(tmp_path, f"config:\n  {ID}\n{REST}  {settings}\n")
    assert message in found


def test_lists_and_objects_are_not_confused_in_zones_and_routes(tmp_path: Path) -> None:
    zones, routes = issues(
        tmp_path,
        f"config:\n  {ID}\n  culvert:zones: [example.com]\n  culvert:routes:\n    hostname: blog.example.com\n",
    )
    assert "must be an object: write example.com: … without a hyphen" in zones
    assert "must be a list: write a hyphen before hostname, and indent the lines after it alike" in routes


def test_keys_of_other_packages_and_of_the_engine_are_in_place(tmp_path: Path) -> None:
    path = tmp_path / "Pulumi.dev.yaml"
    path.write_text(
        f"environment: [shared]\nencryptionsalt: v1:x\nconfig:\n  {ID}\n{REST}  cloudflare:accountId: x\n"
        "  kubernetes:context: kind\nx-note: {a: b}\n"
    )
    assert Settings.from_stack_file(path).account_id == ACCOUNT


@pytest.mark.parametrize("place", ["  accountId: {}\n", "accountId: {}\n"])
def test_an_encrypted_setting_out_of_place_is_not_shown(tmp_path: Path, place: str) -> None:
    (message,) = issues(tmp_path, f"config:\n{REST}{place.format('{secure: v1:abc=}')}")
    assert message.startswith("culvert:accountId (Pulumi.dev.yaml:1)")
    assert "is encrypted" in message
    assert "v1:abc" not in message


def test_a_misplaced_setting_is_checked_too(tmp_path: Path) -> None:
    messages = issues(tmp_path, f"config:\n  accountId: short\n{REST}")
    assert [message.split(" ")[0] for message in messages] == ["accountId", "culvert:accountId"]


@pytest.mark.parametrize(
    ("text", "place", "lines"),
    [
        (
            f"config:\n  {ID}\n   culvert:zones: example.com\n",
            "(line 3, column 4)",
            (f"2 |   {ID}", "3 |    culvert:zones: example.com", "  |    ^"),
        ),
        (
            f"config:\n  {ID}\n{REST}  {ID}\n",
            "(line 5, column 3)",
            (f"2 |   {ID}", f"5 |   {ID}", "  |   ^"),
        ),
        (
            "config:\n  culvert:routes: [\n    blog.example.com\n  culvert:zones: x\n",
            "(line 4, column 16)",
            ("2 |   culvert:routes: [", "4 |   culvert:zones: x", "  |                ^"),
        ),
        ("\tconfig: x\n", "(line 1, column 1)", ("1 | \\tconfig: x", "  | ^")),
    ],
)
def test_a_mistake_of_yaml_shows_line_column_and_the_two_lines(
    tmp_path: Path, text: str, place: str, lines: tuple[str, ...]
) -> None:
    path = tmp_path / "Pulumi.dev.yaml"
    path.write_text(text)
    with pytest.raises(SettingsError) as error:
        Settings.from_stack_file(path)
    (issue,) = error.value.issues
    assert place in issue.message
    assert issue.excerpt == lines
    assert "\n".join(f"   {line}" for line in lines) in str(error.value)


def test_the_two_lines_hide_secrets(tmp_path: Path) -> None:
    path = tmp_path / "Pulumi.dev.yaml"
    path.write_text(f"config:\n  culvert:token: {{secure: v1:abc=}}\n  token: {'A1b2' * 20}: x\n")
    with pytest.raises(SettingsError) as error:
        Settings.from_stack_file(path)
    assert "v1:abc" not in str(error.value)
    assert "A1b2" not in str(error.value)
    assert str(error.value).count("[hidden]") == 2


def test_a_key_of_many_groups_has_no_place() -> None:
    assert place_of(Settings, "name") == ""
    assert place_of(Settings, "nonsense") == ""
    assert place_of(Settings, "replicas") == "replicas below culvert:connector"
