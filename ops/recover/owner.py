"""The owner of a stack's resources: the name and the mark that they bear, and the other stacks that share the name."""

from collections.abc import Iterable
from dataclasses import dataclass

from components.records import COMMENT_LIMIT
from ops.expected_stack import ExpectedStack
from ops.project import project_name


@dataclass(frozen=True)
class Owner:
    """One stack as its resources name it.

    Two stacks may have the same name: `dev-2` of project `culvert` and `2` of project `culvert-dev`. Their marks
    differ.
    """

    project: str
    stack: str
    service_tokens: frozenset[str] = frozenset()
    """Names of the service tokens that the stack file declares or that the stack's own policies mention the ids of."""

    @property
    def name(self) -> str:
        """Prefix of the names of its resources: `culvert-dev`."""
        return f"{self.project}-{self.stack}"

    @property
    def mark(self) -> str:
        """Comment or annotation of its resources: `culvert/dev`."""
        return f"{self.project}/{self.stack}"[:COMMENT_LIMIT]

    @property
    def others(self) -> tuple[str, ...]:
        """Marks of the other stacks that would have the same name, whether or not they exist."""
        words = self.name.split("-")
        splits = ((words[:count], words[count:]) for count in range(1, len(words)))
        marks = ("/".join(["-".join(project), "-".join(stack)]) for project, stack in splits)
        return tuple(mark for mark in marks if mark != self.mark)


def stack_owner(stack: ExpectedStack) -> Owner:
    """The owner of the resources of a stack of this project."""
    tokens = {token for route in stack.settings.routes if route.access for token in route.access.service_tokens}
    return Owner(project_name(), stack.stack, frozenset(f"{stack.name}-{token}" for token in tokens))


@dataclass(frozen=True)
class Claims:
    """Hostnames, zones, tunnels and service tokens of the stack, and of other stacks of the same name."""

    own: frozenset[str]
    of_others: frozenset[str]

    def decide(self, subjects: Iterable[str]) -> bool | None:
        """Whether what mentions these is the stack's; None if nothing tells."""
        mentioned = {subject for subject in subjects if subject}
        if mentioned & self.own:
            return True
        return False if mentioned & self.of_others else None
