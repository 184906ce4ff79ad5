"""Services in the input of `migrate` as the backends of routes."""

from typing import Any

import pytest

from ops.migrate.existing_setup import ExistingSetup
from ops.migrate.service_origins import origin_of
from tests.support.migrate_input import read_tunnel, remarks, settings

SERVICES = """
apiVersion: v1
kind: ServiceList
items:
  - {metadata: {name: wiki, namespace: lab}, spec: {selector: {app: wiki}, ports: [{port: 80, targetPort: 8000}]}}
  - {metadata: {name: named, namespace: lab}, spec: {selector: {app: n}, ports: [{port: 80, targetPort: web}]}}
  - {metadata: {name: pods, namespace: lab}, spec: {clusterIP: None, selector: {app: p}, ports: [{port: 80, targetPort: 81}]}}
  - {metadata: {name: fixed, namespace: lab}, spec: {ports: [{port: 80}]}}
  - {metadata: {name: away, namespace: lab}, spec: {type: ExternalName, externalName: shop.example.net}}
  - {metadata: {name: api, namespace: shop}, spec: {selector: {app: api}, ports: [{port: 80}]}}
"""


def migrated(service: str, namespace: str = "lab") -> tuple[dict[str, Any], ExistingSetup]:
    """`service` or `backend` of a route to this service, which a pod in a namespace reaches."""
    config = f"""
        apiVersion: v1
        kind: ConfigMap
        metadata: {{name: c, namespace: {namespace}}}
        data: {{c.yaml: "ingress: [{{hostname: a.example.org, service: '{service}'}}]"}}
    """
    setup = read_tunnel(config, SERVICES)
    return origin_of(setup.rules[0], service, setup), setup


@pytest.mark.parametrize(
    ("service", "backend"),
    [
        ("http://wiki", {"service": "wiki", "port": 80, "targetPort": 8000, "podSelector": {"app": "wiki"}}),
        ("http://wiki.lab/", {"service": "wiki", "port": 80, "targetPort": 8000, "podSelector": {"app": "wiki"}}),
        ("http://wiki.lab.svc", {"service": "wiki", "port": 80, "targetPort": 8000, "podSelector": {"app": "wiki"}}),
        (
            "http://api.shop",
            {"service": "api", "namespace": "shop", "port": 80, "targetPort": 80, "podSelector": {"app": "api"}},
        ),
        ("http://named:80", {"service": "named", "port": 80, "podSelector": {"app": "n"}}),
        ("http://pods:81", {"service": "pods", "port": 81, "targetPort": 81, "podSelector": {"app": "p"}}),
        (
            "tcp://wiki:80",
            {"service": "wiki", "port": 80, "scheme": "tcp", "targetPort": 8000, "podSelector": {"app": "wiki"}},
        ),
    ],
)
def test_a_service_of_the_input_is_a_backend_with_its_pods(service: str, backend: dict[str, Any]) -> None:
    found, setup = migrated(service)
    assert found == {"backend": {"namespace": "lab", "scheme": "http", **backend}}
    assert "Service" not in remarks(setup)


@pytest.mark.parametrize(
    ("service", "url"),
    [
        ("http://absent:8080", "http://absent.lab.svc:8080"),
        ("https://absent", "https://absent.lab.svc:443"),
        ("http://absent.shop.svc.cluster.local", "http://absent.shop.svc.cluster.local"),
        # What has no pods to name is read by the program itself.
        ("http://fixed", "http://fixed.lab.svc:80"),
        ("http://192.168.1.9:80/", "http://192.168.1.9:80"),
        ("http_status:404", "http_status:404"),
    ],
)
def test_another_service_is_a_url_that_means_the_same_in_another_namespace(service: str, url: str) -> None:
    assert migrated(service)[0] == {"service": url}


@pytest.mark.parametrize(
    ("service", "problem"),
    [
        ("http://wiki:81", "a.example.org, Service lab/wiki: has no TCP port 81"),
        ("http://pods:80", "a.example.org, Service lab/pods: is headless"),
        ("http://away", "a.example.org, Service lab/away: is an alias (type ExternalName) of shop.example.net"),
    ],
)
def test_what_the_service_does_not_offer_is_reported(service: str, problem: str) -> None:
    assert problem in remarks(migrated(service)[1])


@pytest.mark.parametrize(("service", "kind"), [("api.shop", "backend"), ("absent.shop", "service")])
def test_the_dns_domain_of_the_cluster_is_the_stacks(service: str, kind: str) -> None:
    found, setup = migrated(f"http://{service}.svc.k8s.lan")
    assert list(found) == [kind]
    assert settings(setup) == {"clusterDomain": "k8s.lan"}


def test_a_stack_has_the_dns_domain_of_one_cluster() -> None:
    _, setup = migrated("http://api.shop.svc.k8s.lan")
    again = {"backend": {"service": "api", "namespace": "shop", "port": 80, "scheme": "http"}}
    found = origin_of(setup.rules[0], "http://api.shop.svc.k8s.lan", setup)
    assert again["backend"].items() <= found["backend"].items()
    elsewhere = "http://api.shop.svc.other.lan"
    assert origin_of(setup.rules[0], elsewhere, setup) == {"service": elsewhere}
    assert [(each.key, each.value) for each in setup.settings] == [("clusterDomain", "k8s.lan")]


def test_outside_a_cluster_such_a_name_is_one_of_dns() -> None:
    setup = read_tunnel("ingress: [{hostname: a.example.org, service: 'http://a.b.svc.corp.example'}]", SERVICES)
    assert origin_of(setup.rules[0], setup.rules[0].service, setup) == {"service": "http://a.b.svc.corp.example"}
    assert settings(setup) == {}


@pytest.mark.parametrize(
    "spec",
    ["{ports: [{}]}", "{ports: 5}", "{ports: [a]}", "{ports: [{port: '80'}]}", "{selector: a, ports: [{port: 80}]}"],
)
def test_a_service_that_no_api_server_accepts_is_as_if_it_were_not_there(spec: str) -> None:
    service = f"{{apiVersion: v1, kind: Service, metadata: {{name: a, namespace: n}}, spec: {spec}}}"
    setup = read_tunnel("ingress: [{hostname: a.example.org, service: 'http://a.n.svc'}]", service)
    assert setup.services == {}
    assert origin_of(setup.rules[0], "http://a.n.svc", setup) == {"service": "http://a.n.svc"}
