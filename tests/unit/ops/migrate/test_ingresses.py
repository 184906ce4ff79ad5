"""The reader of Ingresses of the tunnel ingress controller."""

import pytest

from tests.support.migrate_input import origin, read_tunnel, read_tunnels, remarks, rules

CLASS = """
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: edge}
spec: {controller: strrl.dev/cloudflare-tunnel-ingress-controller}
"""
SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: shop, namespace: store}
spec: {selector: {app: shop}, ports: [{name: web, port: 8080, targetPort: 3000}]}
"""


def ingress(
    *paths: str, annotations: str = "", name: str = "shop", host: str = "shop.example.org", spec: str = ""
) -> str:
    """An Ingress of the class `edge`; annotations without the controller's prefix."""
    prefixed = ", ".join(
        f"cloudflare-tunnel-ingress-controller.strrl.dev/{each.strip()}" for each in annotations.split(",") if each
    )
    return f"""
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {{name: {name}, namespace: store, annotations: {{{prefixed}}}}}
spec: {{ingressClassName: edge, rules: [{{host: "{host}", http: {{paths: [{", ".join(paths)}]}}}}], {spec}}}
"""


def path(value: str = "/", service: str = "name: shop, port: {number: 8080}", kind: str = "Prefix") -> str:
    return f"{{path: {value}, pathType: {kind}, backend: {{service: {{{service}}}}}}}"


def test_the_rules_are_those_of_the_controller_in_its_order() -> None:
    setup = read_tunnel(
        CLASS,
        ingress(path(), path("/cart"), name="a", host="*.example.org"),
        ingress(path(), path("/cart"), name="b"),
        ingress(path(), name="c", host="*.shop.example.org"),
    )
    assert rules(setup) == [
        "shop.example.org /cart -> http://shop.store.svc.cluster.local:8080",
        "shop.example.org -> http://shop.store.svc.cluster.local:8080",
        "*.shop.example.org -> http://shop.store.svc.cluster.local:8080",
        "*.example.org /cart -> http://shop.store.svc.cluster.local:8080",
        "*.example.org -> http://shop.store.svc.cluster.local:8080",
        "* -> http_status:404",
    ]


def test_the_annotations_are_options_of_every_rule() -> None:
    annotations = (
        "backend-protocol: https, connect-timeout: 20s, keepalive-connections: '0', origin-server-name: shop.internal, "
        "disable-dns-management: 'true', no-happy-eyeballs: 'false'"
    )
    setup = read_tunnel(CLASS, ingress(path(), annotations=annotations))
    assert rules(setup)[0] == "shop.example.org -> https://shop.store.svc.cluster.local:8080"
    assert origin(setup) == {
        "noHappyEyeballs": False,
        "connectTimeout": "20s",
        "keepAliveConnections": 0,
        "originServerName": "shop.internal",
        # The controller verifies no certificate unless proxy-ssl-verify is on.
        "noTLSVerify": True,
    }
    assert [(each.key, each.value) for each in setup.rules[0].settings] == [("dns", "none")]


def test_certificates_are_verified_where_the_annotation_says_so() -> None:
    setup = read_tunnel(CLASS, ingress(path(), annotations="backend-protocol: https, proxy-ssl-verify: 'on'"))
    assert origin(setup) == {"noTLSVerify": False}


def test_a_rule_over_tcp_has_no_path() -> None:
    setup = read_tunnel(CLASS, ingress(path("/a"), annotations="backend-protocol: ssh"))
    assert rules(setup)[0] == "shop.example.org -> ssh://shop.store.svc.cluster.local:8080"


def test_a_port_by_name_is_resolved_by_the_service_in_the_input() -> None:
    by_name = path(service="name: shop, port: {name: web}")
    assert rules(read_tunnel(CLASS, SERVICE, ingress(by_name)))[0].endswith(".cluster.local:8080")
    report = remarks(read_tunnel(CLASS, ingress(by_name)))
    assert "its port is web of Service store/shop, which is not in the input" in report
    assert "kubectl -n store get service shop -o yaml" in report


def test_an_external_name_is_the_host_itself() -> None:
    external = SERVICE.replace("{selector: {app: shop},", "{type: ExternalName, externalName: shop.example.net,")
    assert rules(read_tunnel(CLASS, external, ingress(path())))[0] == "shop.example.org -> http://shop.example.net:8080"


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (ingress(path(kind="Exact")), "it supports no pathType Exact"),
        (
            ingress(path(), annotations="connect-timeout: 1500ms"),
            "connect-timeout must be a positive duration in whole",
        ),
        (ingress(path(), annotations="no-tls-verify: 'yes'"), "no-tls-verify must be true or false"),
        (ingress(path(), annotations="http2-origin: 'true'"), "http2-origin must be https as backend-protocol"),
        (ingress(path(), host=""), "a rule has no host"),
        (ingress(path(service="name: shop")), "its Service shop has no port"),
    ],
)
def test_an_ingress_that_the_controller_refuses_has_no_rules(document: str, reason: str) -> None:
    setup = read_tunnel(CLASS, document)
    assert rules(setup) == ["* -> http_status:404"]
    assert f"Ingress shop: the controller makes no rule of it: {reason}" in remarks(setup).replace(
        "the annotation ", ""
    )


def test_what_the_controller_ignores_is_reported() -> None:
    report = remarks(
        read_tunnel(
            CLASS, ingress(path(), annotations="conect-timeout: 5s", spec="tls: [{hosts: [a]}], defaultBackend: {}")
        )
    )
    assert "conect-timeout: the controller has no such annotation" in report
    copied = ingress(path()).replace(
        "annotations: {", 'annotations: {cloudflare-tunnel-ingress-controller.example.com/a: "b"'
    )
    assert "example.com/a: the controller has no such annotation" in remarks(read_tunnel(CLASS, copied))
    assert "Ingress shop, tls: the controller ignores it" in report
    assert "Ingress shop, defaultBackend: the controller ignores it" in report


def test_an_ingress_of_another_controller_is_reported() -> None:
    setups, found = read_tunnels(CLASS.replace("strrl.dev/cloudflare-tunnel", "k8s.io/nginx"), ingress(path()))
    assert not setups
    assert "Ingress shop: its class, edge, is not one of strrl.dev/cloudflare-tunnel-ingress-controller" in remarks(
        found
    )
