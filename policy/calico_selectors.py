"""Calico's selectors: expressions over labels, such as `app == 'api' && has(tier)`.

https://docs.tigera.io/calico/latest/reference/resources/networkpolicy#selector
"""

import re
from collections.abc import Mapping

_TOKEN = re.compile(
    r"\s*(?P<word>all\(\)|global\(\)|has\(\s*(?P<has>[\w./-]+)\s*\)|&&|\|\||==|!=|!|\(|\)|\{|\}|,"
    r"|'(?P<single>[^']*)'|\"(?P<double>[^\"]*)\"|not in|in|starts with|ends with|contains|[\w./-]+)\s*"
)
Labels = Mapping[str, str]


def selects(selector: str, labels: Labels) -> bool:
    """Whether a selector takes these labels; an empty one takes all. Raises ValueError where it cannot be read."""
    if not selector.strip():
        return True
    parser = _Parser(selector, labels)
    verdict = parser.either()
    if parser.tokens:
        raise ValueError(f"{selector!r} goes on where it should end: {parser.tokens[0]}")
    return verdict


class _Parser:
    def __init__(self, selector: str, labels: Labels) -> None:
        self.selector, self.labels, self.tokens = selector, labels, []
        place = 0
        while place < len(selector):
            found = _TOKEN.match(selector, place)
            if not found:
                raise ValueError(f"{selector!r} is no selector from {selector[place:]!r} on")
            self.tokens.append(found)
            place = found.end()

    def either(self) -> bool:
        verdict = self.both()
        while self._takes("||"):
            verdict = self.both() or verdict
        return verdict

    def both(self) -> bool:
        verdict = self.one()
        while self._takes("&&"):
            verdict = self.one() and verdict
        return verdict

    def one(self) -> bool:
        if self._takes("!"):
            return not self.one()
        if self._takes("("):
            verdict = self.either()
            self._take(")")
            return verdict
        token = self._take()
        if token["word"] in ("all()", "global()"):
            return token["word"] == "all()"
        if token["has"]:
            return token["has"] in self.labels
        return self._compared(self.labels.get(token["word"]))

    def _compared(self, value: str | None) -> bool:
        operator = self._take()["word"]
        if operator in ("in", "not in"):
            self._take("{")
            values = [self._text()]
            while self._takes(","):
                values.append(self._text())
            self._take("}")
            return (value in values) is (operator == "in")
        wanted = self._text()
        tests = {
            "==": value == wanted,
            "!=": value != wanted,
            "contains": wanted in (value or ""),
            "starts with": (value or "").startswith(wanted),
            "ends with": (value or "").endswith(wanted),
        }
        if operator not in tests:
            raise ValueError(f"{self.selector!r}: {operator} compares nothing")
        return tests[operator] and (value is not None or operator == "!=")

    def _text(self) -> str:
        token = self._take()
        text = token["single"] if token["single"] is not None else token["double"]
        if text is None:
            raise ValueError(f"{self.selector!r}: {token['word']} is not in quotes")
        return text

    def _takes(self, word: str) -> bool:
        if self.tokens and self.tokens[0]["word"] == word:
            self.tokens.pop(0)
            return True
        return False

    def _take(self, word: str = "") -> re.Match[str]:
        if not self.tokens or (word and self.tokens[0]["word"] != word):
            raise ValueError(f"{self.selector!r} lacks {word or 'its end'}")
        return self.tokens.pop(0)
