"""The picture of a rehearsal's comment is of the comment that a rehearsal results in today."""

import struct
import zlib

from scripts import comment_screenshot


def test_the_picture_is_of_todays_comment_and_small() -> None:
    png = comment_screenshot.SCREENSHOT.read_bytes()
    assert comment_screenshot.digest_in(png) == comment_screenshot.digest(), "run python -m scripts.comment_screenshot"
    assert len(png) < 150_000


def test_the_comment_is_rendered_as_github_renders_it() -> None:
    html = comment_screenshot.html()
    assert "<h2>What this change does to each stack</h2>" in html
    assert html.count("<h3>") == 1
    assert html.count("<table>") == 2
    assert "###" not in html


def test_the_digest_is_a_chunk_of_its_own() -> None:
    """Each chunk of a PNG has a checksum: https://www.w3.org/TR/png-3/#5Chunk-layout."""
    png = comment_screenshot.SCREENSHOT.read_bytes()
    kinds, at = [], 8
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        content, checksum = png[at + 4 : at + 8 + length], png[at + 8 + length : at + 12 + length]
        assert struct.pack(">I", zlib.crc32(content)) == checksum
        kinds.append(content[:4])
        at += 12 + length
    assert kinds[-2:] == [b"tEXt", b"IEND"]


def test_a_picture_of_something_else_has_no_digest() -> None:
    assert comment_screenshot.digest_in(b"\x89PNG\r\n\x1a\n") is None
