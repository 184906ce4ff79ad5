"""The namespace: created with restricted Pod Security, or an existing one."""

import pulumi

from components import Namespace
from components.namespace import NamespaceArgs
from tests.support.mock_recorder import Deploy, Recorded


def deployed(deploy: Deploy, args: NamespaceArgs) -> Recorded:
    return deploy(lambda: pulumi.export("name", Namespace("culvert-dev", args).name))


def test_a_created_namespace_enforces_restricted_pod_security(deploy: Deploy) -> None:
    recorded = deployed(deploy, {"name": "blog", "labels": {"team": "web"}})
    assert recorded.names == {"Namespace culvert-dev-namespace"}
    assert recorded.components == ["culvert:index:Namespace culvert-dev"]
    namespace = recorded.one("Namespace")
    assert namespace.parent == "culvert:index:Namespace"
    assert namespace.inputs["metadata"]["name"] == "blog"
    labels = namespace.inputs["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    assert labels["team"] == "web"
    assert labels["app.kubernetes.io/instance"] == "culvert-dev"
    assert namespace.inputs["metadata"]["annotations"] == {"culvert/owner": "culvert/dev"}
    assert recorded.outputs["pulumi:pulumi:Stack"] == {"name": "blog"}


def test_a_namespace_needs_no_labels_of_its_own(deploy: Deploy) -> None:
    labels = deployed(deploy, {"name": "blog"}).one("Namespace").inputs["metadata"]["labels"]
    assert {"pod-security.kubernetes.io/enforce", "app.kubernetes.io/instance"} <= labels.keys()


def test_an_existing_namespace_is_named_and_not_managed(deploy: Deploy) -> None:
    recorded = deployed(deploy, {"name": "shared", "create": False, "labels": {"team": "web"}})
    assert recorded.names == set()
    assert recorded.outputs["pulumi:pulumi:Stack"] == {"name": "shared"}
