"""Dry runs of a stack's objects against a real API server."""

from pathlib import Path
from typing import Any

import pytest

from sandbox.errors import SandboxError
from sandbox.providers.kubernetes.api import Api
from sandbox.services.dry_run import reject_invalid_objects
from settings import Settings
from tests.support.paths import PROJECT
from tests.support.settings_examples import values

EXAMPLES = sorted((PROJECT / "examples" / "stacks").glob("Pulumi.*.yaml"))


def unchecked(**scheduling: Any) -> Settings:
    """Settings with these keys under connector.scheduling, past their own checks."""
    valid = Settings.parse(values())
    options = valid.connector.scheduling.model_copy(update=scheduling)
    return valid.model_copy(update={"connector": valid.connector.model_copy(update={"scheduling": options})})


def test_the_objects_of_every_example_are_accepted_and_none_is_created(kubeconfig: Path, cluster_api: Api) -> None:
    assert len(EXAMPLES) > 10
    for path in EXAMPLES:
        reject_invalid_objects(kubeconfig, "culvert-dev", Settings.from_stack_file(path))
    for kinds in ("apis/apps/v1/namespaces/default/deployments", "apis/networking.k8s.io/v1/networkpolicies"):
        assert not [
            one for one in cluster_api.call("GET", f"/{kinds}")["items"] if "dry-run" in one["metadata"]["name"]
        ]


@pytest.mark.parametrize(
    ("scheduling", "words"),
    [
        ({"tolerations": ({"key": "a b", "operator": "Exists"},)}, r"tolerations\[0\]\.key"),
        ({"node_selector": {"a b": "c"}}, "nodeSelector"),
        ({"affinity": {"nodes": {}}}, r"affinity\.nodes: field not declared in schema"),
        ({"priority_class_name": "High"}, "priorityClassName"),
    ],
)
def test_an_object_that_the_api_server_rejects_is_one_error_with_its_words(
    kubeconfig: Path, scheduling: dict[str, Any], words: str
) -> None:
    with pytest.raises(SandboxError, match=rf"would reject the stack, so nothing was changed: .*{words}") as error:
        reject_invalid_objects(kubeconfig, "culvert-dev", unchecked(**scheduling))
    assert error.value.key == "Deployment"
