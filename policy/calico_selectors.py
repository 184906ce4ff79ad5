"""Calico selectors: expressions over labels, such as `app == 'api' && has(tier)`.

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
    """Whether a selector matches labels; an empty one matches all. Raises ValueError for a syntax error."""
    if not selector.strip():
        return True
    parser = _Parser(selector, labels)
    result = parser.parse_or()
    if parser.tokens:
        raise ValueError(f"{selector!r} has trailing input: {parser.tokens[0]}")
    return result


class _Parser:
    def __init__(self, selector: str, labels: Labels) -> None:
        self.selector, self.labels, self.tokens = selector, labels, []
        position = 0
        while position < len(selector):
            token = _TOKEN.match(selector, position)
            if not token:
                raise ValueError(f"{selector!r} is not a selector: syntax error at {selector[position:]!r}")
            self.tokens.append(token)
            position = token.end()

    def parse_or(self) -> bool:
        result = self.parse_and()
        while self._accept("||"):
            result = self.parse_and() or result
        return result

    def parse_and(self) -> bool:
        result = self.parse_operand()
        while self._accept("&&"):
            result = self.parse_operand() and result
        return result

    def parse_operand(self) -> bool:
        if self._accept("!"):
            return not self.parse_operand()
        if self._accept("("):
            result = self.parse_or()
            self._expect(")")
            return result
        token = self._expect()
        if token["word"] in ("all()", "global()"):
            return token["word"] == "all()"
        if token["has"]:
            return token["has"] in self.labels
        return self._compare(self.labels.get(token["word"]))

    def _compare(self, value: str | None) -> bool:
        operator = self._expect()["word"]
        if operator in ("in", "not in"):
            self._expect("{")
            values = [self._text()]
            while self._accept(","):
                values.append(self._text())
            self._expect("}")
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
            raise ValueError(f"{self.selector!r}: {operator} is not a comparison operator")
        return tests[operator] and (value is not None or operator == "!=")

    def _text(self) -> str:
        token = self._expect()
        text = token["single"] if token["single"] is not None else token["double"]
        if text is None:
            raise ValueError(f"{self.selector!r}: {token['word']} is not in quotes")
        return text

    def _accept(self, word: str) -> bool:
        if self.tokens and self.tokens[0]["word"] == word:
            self.tokens.pop(0)
            return True
        return False

    def _expect(self, word: str = "") -> re.Match[str]:
        if not self.tokens or (word and self.tokens[0]["word"] != word):
            raise ValueError(f"{self.selector!r} lacks {word or 'an operand'}")
        return self.tokens.pop(0)
