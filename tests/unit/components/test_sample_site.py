"""The sample site: a page, its Deployment and its Service."""

import re
from typing import Any

import pytest

from components import SampleSite
from tests.support.mock_recorder import Deploy, Recorded


@pytest.fixture
def recorded(deploy: Deploy) -> Recorded:
    return deploy(lambda: SampleSite("culvert-dev", {"namespace": "blog-dev", "service": "blog"}))


def pod(recorded: Recorded) -> dict[str, Any]:
    return recorded.one("Deployment").inputs["spec"]["template"]["spec"]


def test_a_sample_site_has_a_page_a_deployment_and_a_service(recorded: Recorded) -> None:
    assert recorded.names == {
        "ConfigMap culvert-dev-site-page",
        "Deployment culvert-dev-site",
        "Service culvert-dev-site-service",
    }
    assert recorded.components == ["culvert:index:SampleSite culvert-dev"]
    assert {resource.parent for resource in recorded.resources} == {"culvert:index:SampleSite"}
    assert {resource.inputs["metadata"]["namespace"] for resource in recorded.resources} == {"blog-dev"}


def test_the_service_has_the_name_that_routes_use_and_selects_the_pods(recorded: Recorded) -> None:
    service = recorded.one("Service").inputs
    assert service["metadata"]["name"] == "blog"
    assert service["spec"]["ports"] == [{"name": "http", "port": 80, "targetPort": 8080}]
    template = recorded.one("Deployment").inputs["spec"]["template"]
    assert service["spec"]["selector"].items() <= template["metadata"]["labels"].items()
    assert template["metadata"]["labels"]["app.kubernetes.io/name"] == "blog"
    assert recorded.one("Deployment").inputs["spec"]["selector"] == {"matchLabels": service["spec"]["selector"]}


def test_only_the_deployment_is_awaited(recorded: Recorded) -> None:
    skipped = {
        kind: "pulumi.com/skipAwait" in recorded.one(kind).inputs["metadata"]["annotations"]
        for kind in ("ConfigMap", "Deployment", "Service")
    }
    assert skipped == {"ConfigMap": False, "Deployment": False, "Service": True}


def test_the_page_explains_the_site(recorded: Recorded) -> None:
    assert "culvert's sample site" in recorded.one("ConfigMap").inputs["data"]["index.html"]
    assert {"name": "page", "configMap": {"name": "culvert-dev-site-page-1a2b3c4d"}} in pod(recorded)["volumes"]


def test_the_page_loads_nothing_from_elsewhere_and_has_two_schemes(recorded: Recorded) -> None:
    html = recorded.one("ConfigMap").inputs["data"]["index.html"]
    loading = re.findall(r"""(?:src|href|action)=["']?([^"' >]+)|url\(([^)]*)\)|(@import)|(//)""", html)
    assert loading == [("data:,", "", "", "")]  # an empty icon, which browsers would ask the site for otherwise
    assert not re.search(r"<script|\son\w+=", html)
    assert "prefers-color-scheme: dark" in html
    assert len(html) < 4096


def test_its_pods_meet_the_restricted_standard(recorded: Recorded) -> None:
    (container,) = pod(recorded)["containers"]
    assert pod(recorded)["securityContext"]["runAsNonRoot"] is True
    assert pod(recorded)["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"]["allowPrivilegeEscalation"] is False
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert pod(recorded)["automountServiceAccountToken"] is False


def test_another_image_replaces_the_pinned_one(deploy: Deploy, recorded: Recorded) -> None:
    assert "@sha256:" in pod(recorded)["containers"][0]["image"]
    other = deploy(
        lambda: SampleSite("culvert-dev", {"namespace": "b", "service": "blog", "image": "registry.example/site:1"})
    )
    assert pod(other)["containers"][0]["image"] == "registry.example/site:1"
