"""Index of a hostname's higher-priority rules; finds the rule that shadows a path without comparing every pair.

A thousand paths of one hostname would be half a million comparisons.
"""

from collections.abc import Iterator

from settings.options.routes import Route


class RuleIndex:
    """Rules in their order, each identified by the index of its route."""

    def __init__(self) -> None:
        self._patterns: dict[str | None, int] = {}
        # Path, and whether everything below it matches too → position in the order, and index of the route.
        self._literals: dict[tuple[str, bool], tuple[int, int]] = {}
        self._expressions: list[tuple[int, int, Route]] = []

    def add(self, number: int, route: Route) -> None:
        """Appends a route's rule."""
        paths, position = route.paths, len(self._patterns)
        self._patterns.setdefault(paths.pattern, number)
        if paths.regex is not None:
            self._expressions.append((position, number, route))
        else:
            stem = paths.exact if paths.exact is not None else (paths.prefix or "").rstrip("/")
            self._literals.setdefault((stem, paths.exact is None), (position, number))

    def duplicate_of(self, route: Route) -> int | None:
        """The rule that matches exactly the same requests."""
        return self._patterns.get(route.paths.pattern)

    def first_match(self, text: str, all_beyond: bool) -> int | None:
        """The first rule that certainly matches a path, or every path with that prefix.

        Every path with a prefix is only ever matched by expressions: whatever lies below a prefix path is longer, and
        so comes before it.
        """
        matches = [
            (position, number) for position, number, rule in self._expressions if rule.paths.takes(text, all_beyond)
        ]
        if not all_beyond:
            matches += [self._literals[key] for key in _literal_matches(text) if key in self._literals]
        return min(matches)[1] if matches else None


def _literal_matches(path: str) -> Iterator[tuple[str, bool]]:
    """Every literal that matches a path: the path itself, and each prefix of whole segments."""
    yield path, False
    yield path, True
    yield from ((path[:end], True) for end, character in enumerate(path) if character == "/")
