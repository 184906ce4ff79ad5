"""The outputs of a component, named as other languages and stacks see them."""

from collections.abc import Mapping

import pulumi
from pydantic.alias_generators import to_camel


def exports(component: pulumi.ComponentResource) -> Mapping[str, object]:
    """The outputs that the component's class declares: `tunnel_id` as `tunnelId`, in their order, without those that
    are None."""
    declared = {to_camel(name): getattr(component, name) for name in type(component).__annotations__}
    return {name: value for name, value in declared.items() if value is not None}
