"""The rules of one hostname that come before another, found by what they take.

Not one after the other: a thousand paths of one wildcard would be half a million comparisons.
"""

from collections.abc import Iterator

from settings.options.routes import Route


class RuleIndex:
    """Rules in their order, each known by the number of its route."""

    def __init__(self) -> None:
        self._patterns: dict[str | None, int] = {}
        # Path, and whether what lies below it is taken too → place in the order and number.
        self._literals: dict[tuple[str, bool], tuple[int, int]] = {}
        self._expressions: list[tuple[int, int, Route]] = []

    def add(self, number: int, route: Route) -> None:
        """Puts a route's rule behind those that are there."""
        paths, place = route.paths, len(self._patterns)
        self._patterns.setdefault(paths.pattern, number)
        if paths.regex is not None:
            self._expressions.append((place, number, route))
        else:
            stem = paths.exact if paths.exact is not None else (paths.prefix or "").rstrip("/")
            self._literals.setdefault((stem, paths.exact is None), (place, number))

    def same(self, route: Route) -> int | None:
        """The rule that takes the very same requests."""
        return self._patterns.get(route.paths.pattern)

    def taker(self, text: str, all_beyond: bool) -> int | None:
        """The first rule that certainly takes a path, or every path that begins with it.

        Every path beyond another is taken by expressions alone: whatever lies below a prefix is longer, and so comes
        before it.
        """
        found = [(place, number) for place, number, rule in self._expressions if rule.paths.takes(text, all_beyond)]
        if not all_beyond:
            found += [self._literals[key] for key in _covering(text) if key in self._literals]
        return min(found)[1] if found else None


def _covering(path: str) -> Iterator[tuple[str, bool]]:
    """Everything literal that takes a path: the path itself, and each prefix of whole segments."""
    yield path, False
    yield path, True
    yield from ((path[:end], True) for end, character in enumerate(path) if character == "/")
