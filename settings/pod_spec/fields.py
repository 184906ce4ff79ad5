"""Groups of Kubernetes fields, and how a setting is checked against one.

The setting keeps its value as it is written: what is valid is sent unchanged. Fields and required fields are those of
Kubernetes' OpenAPI schema, which has no other rules; the others are those of the API server's own validation, here and
in the modules beside this one: https://github.com/kubernetes/kubernetes/blob/v1.36.3/pkg/apis/core/validation/validation.go
"""

from collections.abc import Callable
from typing import Annotated, Any, Literal

from annotated_types import Ge, Le
from pydantic import AfterValidator, BeforeValidator, StrictBool, StrictInt, ValidationError
from pydantic_core import PydanticCustomError

from settings import references
from settings.errors import reject
from settings.schema import Accepts, Group, yaml_key
from settings.types import kubernetes
from settings.types.kubernetes import LabelKey

NESTED = "nested"
"""Type of the error that carries the errors of a group of Kubernetes fields."""


class KubernetesFields(Group):
    """A closed group of fields as in a Kubernetes object. Unlike `Options`, it is described by Kubernetes' pages."""

    SOURCE = references.KUBERNETES_POD


def valid(group: type[KubernetesFields]) -> AfterValidator:
    """Validates a setting as this group of fields, and keeps it as it is written."""

    def check(value: dict[str, Any]) -> dict[str, Any]:
        try:
            group.model_validate(value)
        except ValidationError as error:
            raise PydanticCustomError(NESTED, "is not valid", {"group": group, "error": error}) from None
        return value

    return AfterValidator(check)


def _quantity(value: Any) -> Any:
    text = str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value
    if not isinstance(text, str) or not kubernetes.QUANTITY.fullmatch(text):
        reject("is not a quantity")
    return value


def _relative_path(path: str) -> str:
    if not path or path.startswith("/") or ".." in path.split("/") or path.startswith(".."):
        reject("is not a relative path without ..")
    return path


def _not_empty(text: str) -> str:
    if not text:
        reject("must not be empty")
    return text


def one_of(*fields: str) -> Callable[[Any], Any]:
    """Validates that exactly one of these fields of a group is given."""

    def check(group: Any) -> Any:
        given = [name for name in fields if getattr(group, name) is not None]
        if len(given) != 1:
            known = type(group).model_fields
            accepted = f"exactly one of {', '.join(yaml_key(name, known[name]) for name in fields)}"
            reject(f"must have {accepted}", accepted)
        return group

    return check


Text = Annotated[str, AfterValidator(_not_empty), Accepts("a string that is not empty")]
Switch = Annotated[StrictBool | None, Accepts("true or false")]
Mode = Annotated[StrictInt, Ge(0), Le(0o777), Accepts("a file mode from 0 to 0777 (511)")]
Count = Annotated[StrictInt, Ge(1), Le((1 << 31) - 1)]
Weight = Annotated[StrictInt, Ge(1), Le(100)]
RelativePath = Annotated[str, AfterValidator(_relative_path), Accepts("a relative path without ..")]
Quantity = Annotated[
    str | int | float,
    BeforeValidator(_quantity),
    Accepts("a quantity such as 16Mi, not negative", references.KUBERNETES_RESOURCES),
]
Operator = Literal["In", "NotIn", "Exists", "DoesNotExist"]
Keys = Annotated[tuple[LabelKey, ...], Accepts("a list of keys of labels", references.KUBERNETES_LABELS)]
