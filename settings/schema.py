"""How one setting is described: for people, for the JSON schema, and for the message when it is wrong."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel


class Options(BaseModel):
    """A closed, frozen group of settings, its keys in camelCase."""

    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel)


def setting(
    description: str, accepted: str, source: str, *, examples: list[Any], default: Any = ..., **more: Any
) -> Any:
    """A field with what it is for, what it accepts, where that rule comes from, and examples."""
    schema: Any = {"x-accepted": accepted, "x-source": source}
    return Field(default, description=description, examples=examples, json_schema_extra=schema, **more)
