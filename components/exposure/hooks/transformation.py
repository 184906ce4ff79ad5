"""Transformations of resources, which give them hooks."""

from collections.abc import Callable

import pulumi

Transformation = Callable[[pulumi.ResourceTransformationArgs], pulumi.ResourceTransformationResult | None]


def with_hooks(
    args: pulumi.ResourceTransformationArgs, hooks: pulumi.ResourceHookBinding
) -> pulumi.ResourceTransformationResult:
    """The resource of a transformation with these hooks beside its own."""
    options = pulumi.ResourceOptions.merge(args.opts, pulumi.ResourceOptions(hooks=hooks))
    return pulumi.ResourceTransformationResult(args.props, options)
