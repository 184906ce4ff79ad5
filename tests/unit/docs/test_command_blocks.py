"""Each block of commands in the pages is run by a test, or says why not."""

import re

import pytest

from tests.support.documented_commands import CONNECTOR, SHELL, WITH_CONNECTOR, Block, blocks
from tests.support.paths import PROJECT

BLOCKS = list(blocks())


def test_no_block_of_commands_is_missed() -> None:
    fences = [
        line
        for page in {block.page for block in BLOCKS}
        for line in (PROJECT / page).read_text(encoding="utf-8").splitlines()
        if re.match(r" *```(console|sh|bash)$", line)
    ]
    assert len(fences) == len(BLOCKS) > 20
    assert {block.page for block in BLOCKS if block.runs} == {"README.md", *SHELL, *WITH_CONNECTOR}


@pytest.mark.parametrize("block", [one for one in BLOCKS if one.note], ids=lambda block: block.page)
def test_a_block_that_is_not_run_names_the_reason_or_a_test(block: Block) -> None:
    assert re.fullmatch(rf"{CONNECTOR}|not run: \S.{{10,}}|run by tests/\S+\.py(, .+)?", block.note)
    if test := re.search(r"tests/\S+\.py", block.note):
        assert (PROJECT / test[0]).is_file()


@pytest.mark.parametrize("block", [one for one in BLOCKS if one.runs], ids=lambda block: block.page)
def test_a_block_that_is_run_has_nothing_to_fill_in(block: Block) -> None:
    code = re.sub(r"(^|\s)#.*", "", block.script, flags=re.MULTILINE)
    assert code.strip()
    assert "…" not in code
    assert not re.search(r"\b[A-Z]{4,}\b(?!=)", re.sub(r"\$\w+|CLOUDFLARE_API_TOKEN|PUT|DELETE|POST", "", code)), code
