"""Writes `docs/rehearsal-comment.png`: the comment of a rehearsal on a pull request, as a browser shows it.

    python -m scripts.comment_screenshot

The comment is the beginning of the one that the tests' rehearsal results in. Needs Chromium or Chrome on the PATH.
"""

import struct
import sys
import zlib
from hashlib import sha256
from pathlib import Path

from markdown_it import MarkdownIt

from sandbox.tools import browser

PROJECT = Path(__file__).resolve().parents[1]
SOURCE = PROJECT / "tests" / "fixtures" / "rehearsals" / "rehearsal.md"
SCREENSHOT = PROJECT / "docs" / "rehearsal-comment.png"
_KEYWORD = b"Source"
_WIDTH = 1012
"""CSS pixels: the width of a page on GitHub."""
_PAGE = """<!doctype html>
<meta charset="utf-8">
<style>
body {{ margin: 0; background: #fff; color: #1f2328; font: 14px/1.5 "Open Sans", system-ui, sans-serif; }}
article {{ border: 1px solid #d1d9e0; border-radius: 6px; overflow: hidden; }}
header {{ padding: 8px 16px; background: #f6f8fa; border-bottom: 1px solid #d1d9e0; color: #59636e; }}
header b {{ color: #1f2328; }}
header span {{ margin-left: 4px; padding: 0 6px; border: 1px solid #d1d9e0; border-radius: 1em; font-size: 12px; }}
main {{ padding: 4px 16px; }}
h2 {{ margin: 12px 0; padding-bottom: 6px; border-bottom: 1px solid #d1d9e0; font-size: 21px; }}
h3 {{ margin: 20px 0 8px; font-size: 17px; }}
p, ul {{ margin: 0 0 12px; }}
ul {{ padding-left: 24px; }}
table {{ width: 100%; margin-bottom: 16px; border-collapse: collapse; font-size: 13px; }}
th, td {{ padding: 5px 10px; border: 1px solid #d1d9e0; text-align: left; vertical-align: top; }}
tr:nth-child(2n) td {{ background: #f6f8fa; }}
code {{ padding: 2px 5px; border-radius: 5px; background: #818b981f;
  font: 11.5px/1.5 "DejaVu Sans Mono", ui-monospace, monospace;
  overflow-wrap: break-word; }}
</style>
<article>
<header><b>github-actions</b> <span>bot</span> commented</header>
<main>{comment}</main>
</article>
"""


def html() -> str:
    """The page of which the screenshot is taken: the summary of all stacks, and the first stack's changes."""
    text = SOURCE.read_text(encoding="utf-8")
    summary, first, *_ = text.split("\n### ")
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    return _PAGE.format(comment=markdown.render(f"{summary}\n### {first}"))


def digest() -> str:
    """The digest of that page."""
    return sha256(html().encode()).hexdigest()


def with_digest(png: bytes) -> bytes:
    """The picture with the page's digest as a text chunk, by which a test sees that the picture is of today's page."""
    content = b"tEXt" + _KEYWORD + b"\0" + digest().encode()
    chunk = struct.pack(">I", len(content) - 4) + content + struct.pack(">I", zlib.crc32(content))
    end = png.rindex(b"IEND") - 4
    return png[:end] + chunk + png[end:]


def digest_in(png: bytes) -> str | None:
    """The digest in a picture; None without one."""
    _, found, rest = png.partition(b"tEXt" + _KEYWORD + b"\0")
    return rest[:64].decode() if found else None


def main() -> None:
    from playwright.sync_api import sync_playwright

    executable = browser.installed()
    if not executable:
        sys.exit("Chromium or Chrome is not on the PATH")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=list(browser.FLAGS))
        page = chromium.new_page(viewport={"width": _WIDTH, "height": 100})
        page.set_content(html())
        SCREENSHOT.write_bytes(with_digest(page.screenshot(full_page=True)))
        chromium.close()
    print(SCREENSHOT.relative_to(PROJECT))


if __name__ == "__main__":
    main()
