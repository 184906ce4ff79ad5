"""`python -m scripts.transcripts [NAME…]`: plays the sessions and writes their pages. A session takes some minutes."""

import argparse
import tempfile
from pathlib import Path

from sandbox import tools
from scripts.transcripts import bad_night, first_hour, session

PROJECT = Path(__file__).resolve().parents[2]
PAGES = {"first-hour": first_hour.PAGE, "bad-night": bad_night.PAGE}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m scripts.transcripts", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"a page: {', '.join(PAGES)} (default: all)")
    names = parser.parse_args().names or [*PAGES]
    if unknown := set(names) - set(PAGES):
        parser.error(f"unknown page {', '.join(sorted(unknown))}; must be one of {', '.join(PAGES)}")
    if not tools.find_cloudflared():
        parser.error("a connector has to run: put cloudflared on the PATH, or name it with CULVERT_CLOUDFLARED")
    for name in names:
        page = PAGES[name]
        with tempfile.TemporaryDirectory() as folder:
            text = page.render(session.outputs(page.commands, Path(folder)))
        (PROJECT / page.path).write_text(text, encoding="utf-8")
        print(page.path)


if __name__ == "__main__":
    main()
