"""Index of a hostname's higher-priority rules; finds the rule that shadows a path without comparing every pair.

A thousand paths of one hostname would be half a million comparisons.
"""

from collections.abc import Iterator

from settings.options.routes import Route

_MAX_COMPARISONS = 100_000
"""With expressions, whose result is only "certainly" or "not known": beyond these it is not known."""
_Rule = tuple[int, int]
"""Position of a rule in the order, and index of its route."""


class RuleIndex:
    """Rules in their order, each identified by the index of its route."""

    def __init__(self) -> None:
        self._patterns: dict[str | None, int] = {}
        # Path, and whether everything below it matches too.
        self._literals: dict[tuple[str, bool], _Rule] = {}
        # By what every path that an expression matches begins with: only those can match a path that begins alike.
        self._expressions: dict[str, list[tuple[_Rule, Route]]] = {}
        self._lengths: set[int] = set()
        self._first: dict[tuple[str, str, bool], tuple[int, _Rule | None]] = {}
        """What is known of a beginning, a path and `all_beyond`: how many expressions were compared, and the match."""
        self._comparisons = 0

    def add(self, number: int, route: Route) -> None:
        """Appends a route's rule."""
        paths, rule = route.paths, (len(self._patterns), number)
        self._patterns.setdefault(paths.pattern, number)
        if paths.regex is not None:
            self._expressions.setdefault(paths.literal, []).append((rule, route))
            self._lengths.add(len(paths.literal))
        else:
            stem = paths.exact if paths.exact is not None else (paths.prefix or "").rstrip("/")
            self._literals.setdefault((stem, paths.exact is None), rule)

    def duplicate_of(self, route: Route) -> int | None:
        """The rule that matches exactly the same requests."""
        return self._patterns.get(route.paths.pattern)

    def first_match(self, text: str, all_beyond: bool) -> int | None:
        """The first rule that certainly matches a path, or every path with that prefix.

        Every path with a prefix is only ever matched by expressions: whatever lies below a prefix path is longer, and
        so comes before it.
        """
        beginnings = (text[:length] for length in self._lengths if length <= len(text))
        matches = [match for each in beginnings if (match := self._first_expression(each, text, all_beyond))]
        if not all_beyond:
            matches += [self._literals[key] for key in _literal_matches(text) if key in self._literals]
        return min(matches)[1] if matches else None

    def _first_expression(self, beginning: str, text: str, all_beyond: bool) -> _Rule | None:
        """The first of the expressions with this beginning that matches; many routes ask for the same path."""
        expressions = self._expressions.get(beginning, [])
        compared, found = self._first.get((beginning, text, all_beyond), (0, None))
        while found is None and compared < len(expressions) and self._comparisons < _MAX_COMPARISONS:
            rule, route = expressions[compared]
            compared, self._comparisons = compared + 1, self._comparisons + 1
            if route.paths.takes(text, all_beyond):
                found = rule
        self._first[beginning, text, all_beyond] = (compared, found)
        return found


def _literal_matches(path: str) -> Iterator[tuple[str, bool]]:
    """Every literal that matches a path: the path itself, and each prefix of whole segments."""
    yield path, False
    yield path, True
    yield from ((path[:end], True) for end, character in enumerate(path) if character == "/")
