"""The engine's command line, as the Automation API runs it."""

from pathlib import Path

from sandbox.engine.pulumi_command import PulumiCommand
from sandbox.tools import Tool


def test_output_of_any_bytes_is_passed_on(tmp_path: Path) -> None:
    program = tmp_path / "pulumi"
    program.write_text("#!/bin/sh\nprintf 'one \\377\\n\\033[1mtwo\\000\\n'; printf 'three \\300\\n' >&2\n")
    program.chmod(0o755)
    shown: list[str] = []
    command = PulumiCommand(Tool("pulumi", program, "v3.259.0", "a test"))
    result = command.run(["up"], str(tmp_path), {}, on_output=shown.append)
    assert shown == ["one \ufffd", "\x1b[1mtwo\0"]
    assert (result.stdout, result.stderr) == ("\n".join(shown), "three \ufffd")
