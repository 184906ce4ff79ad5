"""The name that an object of the cluster was given, where the program gives none."""

from typing import Any

import pulumi


def generated_name(made: Any) -> pulumi.Output[str]:
    """The name of `made`, a Kubernetes resource without one of its own in the program.

    None where it is gone and everything is being taken down with the program running (`destroy --run-program`): then nothing
    asks for the name, and taking it as if it were there would be an error.
    """
    return made.metadata.apply(lambda metadata: metadata.get("name"))
