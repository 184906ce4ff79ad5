"""The reader of HTTPRoutes of the tunnel gateway controller."""

from tests.support.migrate_input import read_tunnel, read_tunnels, remarks, rules, settings

GATEWAY = """
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: front, namespace: edge}
spec:
  gatewayClassName: cloudflare
  infrastructure: {parametersRef: {group: "", kind: ConfigMap, name: front}}
"""
CLASS = """
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: cloudflare}
spec: {controllerName: github.com/pl4nty/cloudflare-kubernetes-gateway}
"""
PARAMETERS = """
apiVersion: v1
kind: ConfigMap
metadata: {name: front, namespace: edge}
data:
  replicas: "3"
  tolerations: |
    - {key: edge, operator: Exists}
  disableDeployment: "true"
"""


def route(rule: str, name: str = "blog", hostnames: str = "[blog.example.org]") -> str:
    """A route of the Gateway with one rule, in YAML's flow style."""
    return f"""
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{name: {name}, namespace: press}}
spec: {{parentRefs: [{{name: front, namespace: edge}}], hostnames: {hostnames}, rules: [{rule}]}}
"""


def test_the_rules_are_those_of_the_controller() -> None:
    setup = read_tunnel(
        CLASS,
        GATEWAY,
        PARAMETERS,
        route("{backendRefs: [{name: blog, port: 80}]}", hostnames="[blog.example.org, '*.example.org']"),
        route(
            "{matches: [{path: {value: /v1}}, {path: {value: /v2}}], "
            "backendRefs: [{name: api, namespace: lab, port: 81}]}",
            "api",
        ),
    )
    assert (setup.name, setup.title) == ("front", "Gateway edge/front")
    assert rules(setup) == [
        "blog.example.org /v1 -> http://api.lab.svc:81",
        "blog.example.org /v2 -> http://api.lab.svc:81",
        "blog.example.org -> http://blog.press.svc:80",
        "*.example.org -> http://blog.press.svc:80",
        "* -> http_status:404",
    ]


def test_the_gateways_config_map_has_the_settings_of_its_connectors() -> None:
    setup = read_tunnel(GATEWAY, PARAMETERS, route("{backendRefs: [{name: blog, port: 80}]}"))
    assert settings(setup) == {
        "connector.replicas": 3,
        "connector.scheduling.tolerations": [{"key": "edge", "operator": "Exists"}],
    }
    assert "ConfigMap front, disableDeployment: the stack has no such setting" in remarks(setup)
    missing = read_tunnel(GATEWAY, route("{backendRefs: [{name: blog, port: 80}]}"))
    assert "kubectl -n edge get configmap front -o yaml" in remarks(missing)


def test_what_the_controller_ignores_is_reported() -> None:
    rule = (
        "{matches: [{path: {value: /a}, headers: [{name: x, value: y}]}], filters: [{type: RequestRedirect}], "
        "backendRefs: [{name: blog, port: 80}, {name: canary, port: 80, weight: 0}, {name: s, kind: Bucket}]}"
    )
    setup = read_tunnel(route(rule))
    assert rules(setup)[0] == "blog.example.org /a -> http://blog.press.svc:80"
    report = remarks(setup)
    assert "HTTPRoute blog, headers: the controller ignores headers" in report
    assert "HTTPRoute blog, filters: the controller ignores filters" in report
    assert "HTTPRoute blog, backendRefs: a rule has several backends" in report
    assert "HTTPRoute blog, s: it is not a port of a Service" in report


def test_a_route_without_hostnames_is_reported() -> None:
    setup = read_tunnel(route("{backendRefs: [{name: blog, port: 80}]}", hostnames="[]"))
    assert "HTTPRoute blog: it has no hostnames" in remarks(setup)


def test_a_route_of_another_gateway_is_reported() -> None:
    other = CLASS.replace("github.com/pl4nty/cloudflare-kubernetes-gateway", "example.com/gateway")
    setups, found = read_tunnels(other, GATEWAY, route("{backendRefs: [{name: blog, port: 80}]}"))
    assert not setups
    assert "HTTPRoute blog: its Gateway front is not one of github.com/pl4nty" in remarks(found)
