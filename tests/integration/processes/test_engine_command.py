"""The engine's command, with an engine that prints what no engine should."""

from pathlib import Path

import pytest
from pulumi import automation
from semver import VersionInfo

from ops.recover.engine_command import EngineCommand


def command(folder: Path, script: str) -> EngineCommand:
    executable = folder / "pulumi"
    executable.write_text(f"#!/bin/sh\n{script}\n")
    executable.chmod(0o700)
    made = EngineCommand.__new__(EngineCommand)
    made.command, made.version = str(executable), VersionInfo(3, 259, 0)
    return made


def test_bytes_that_are_no_text_neither_stop_the_reading_nor_print_a_traceback(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    # More than a pipe holds: an engine whose output is not read any more would wait for ever.
    script = "printf '\\377\\n'; head -c 200000 /dev/zero | tr '\\0' 'x'; echo; echo end"
    printed = command(tmp_path, script).run(["stack", "export"], str(tmp_path), {}).stdout
    assert printed.startswith("\N{REPLACEMENT CHARACTER}\nxxx")
    assert printed.endswith("x\nend")
    assert capfd.readouterr() == ("", "")


def test_an_exit_status_is_an_error_with_what_was_printed(tmp_path: Path) -> None:
    with pytest.raises(automation.CommandError, match="code: 3") as error:
        command(tmp_path, "printf 'no \\376 reason' >&2; exit 3").run(["stack"], str(tmp_path), {})
    assert "no \N{REPLACEMENT CHARACTER} reason" in str(error.value)
