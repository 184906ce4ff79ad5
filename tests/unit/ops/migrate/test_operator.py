"""The reader of cloudflare-operator's resources."""

import pytest

from tests.support.migrate_input import origin, read_tunnel, remarks, rules, settings

TUNNEL = """
apiVersion: networking.cfargotunnel.com/v1alpha2
kind: Tunnel
metadata: {name: cellar, namespace: wine}
spec:
  noTlsVerify: true
  cloudflare: {domain: example.org}
  deployPatch: |
    spec: {template: {spec: {containers: [{name: cloudflared, env: [{name: TZ, value: UTC}]}]}}}
"""


def binding(subject: str, name: str = "b") -> str:
    """A TunnelBinding with one subject, in YAML's flow style."""
    return f"""
apiVersion: networking.cfargotunnel.com/v1alpha1
kind: TunnelBinding
metadata: {{name: {name}, namespace: wine}}
subjects: [{subject}]
tunnelRef: {{kind: Tunnel, name: cellar}}
"""


def service(port: str) -> str:
    return f"""
apiVersion: v1
kind: Service
metadata: {{name: list, namespace: wine}}
spec: {{ports: [{{port: {port}}}]}}
"""


@pytest.mark.parametrize(
    ("spec", "value"), [("{}", False), ("{noTlsVerify: false}", False), ("{noTlsVerify: true}", True)]
)
def test_a_subjects_own_no_tls_verify_precedes_that_of_the_tunnel(spec: str, value: bool) -> None:
    setup = read_tunnel(TUNNEL, binding(f"{{name: list, spec: {spec}}}"), service("443"))
    assert rules(setup)[0] == "list.example.org -> https://list.wine.svc:443"
    assert origin(setup)["noTLSVerify"] is value
    assert "Tunnel cellar, noTlsVerify: the operator writes each subject's own noTlsVerify over it" in remarks(setup)


def test_a_deploy_patch_has_the_fields_and_the_variables_of_a_pod() -> None:
    patch = """
    spec: {template: {spec: {
      hostAliases: [{ip: 192.0.2.1, hostnames: [a]}], priorityClassName: high, hostNetwork: true,
      containers: [{name: cloudflared, resources: {limits: {cpu: 1}}, env: [{name: TZ, value: UTC},
      {name: API_KEY, value: hunter2}]}]}}}
    """
    setup = read_tunnel(TUNNEL[: TUNNEL.index("    spec: {template")] + patch)
    assert settings(setup) == {
        "connector.hostAliases": [{"ip": "192.0.2.1", "hostnames": ["a"]}],
        "connector.scheduling.priorityClassName": "high",
        "connector.resources": {"limits": {"cpu": 1}},
        "connector.extraEnv": [{"name": "TZ", "value": "UTC"}],
    }
    report = remarks(setup)
    assert (
        f"input.yaml:{TUNNEL.strip().splitlines().index('  deployPatch: |') + 1}: API_KEY: its value may be" in report
    )
    assert "deployPatch spec.template.spec.hostNetwork: culvert does not patch the connector" in report
    assert "hunter2" not in repr(setup)


def test_a_size_of_zero_is_a_value() -> None:
    assert settings(read_tunnel(TUNNEL.replace("spec:", "spec:\n  size: 0", 1)))["connector.replicas"] == 0


@pytest.mark.parametrize(
    ("port", "protocol", "scheme"),
    [("22", "", "ssh"), ("139", "", "smb"), ("9000", "", "http"), ("443", "tcp", "tcp"), ("3389", "gopher", "rdp")],
)
def test_the_protocol_is_the_subjects_or_the_ports_usual_one(port: str, protocol: str, scheme: str) -> None:
    setup = read_tunnel(TUNNEL, binding(f"{{name: list, spec: {{protocol: '{protocol}'}}}}"), service(port))
    assert rules(setup)[0] == f"list.example.org -> {scheme}://list.wine.svc:{port}"


def test_what_the_operator_last_wrote_precedes_what_it_would_write() -> None:
    status = 'status: {services: [{hostname: list.example.org, target: "udp://list.wine.svc:53"}]}'
    setup = read_tunnel(TUNNEL, binding("{name: list}") + status, service("80"))
    assert rules(setup)[0] == "list.example.org -> udp://list.wine.svc:53"


def test_a_port_that_is_not_known_is_guessed_and_reported() -> None:
    report = remarks(read_tunnel(TUNNEL, binding("{name: list, spec: {protocol: https}}")))
    assert "list.example.org: the Service list is not in the input, so the port 443 is guessed" in report
    assert "kubectl -n wine get service list -o yaml" in report
    udp = service("53").replace("{port: 53}", "{port: 53, protocol: UDP}")
    assert "the Service list has no TCP port" in remarks(read_tunnel(TUNNEL, binding("{name: list}"), udp))


def test_the_rules_are_in_the_order_of_the_bindings_names() -> None:
    setup = read_tunnel(
        TUNNEL,
        binding("{name: z, spec: {target: 'http://192.168.1.2'}}", "b"),
        binding("{name: y, spec: {target: 'http://192.168.1.3'}}", "a"),
    )
    assert [rule.hostname for rule in setup.rules] == ["y.example.org", "z.example.org", ""]


def test_a_field_that_the_operator_does_not_have_is_reported() -> None:
    setup = read_tunnel(TUNNEL, binding("{name: list, spec: {target: 'http://a', tls: false}}"))
    assert "TunnelBinding b, list.example.org, tls: the operator has no such field" in remarks(setup)


def test_variables_of_the_patch_are_those_of_the_connector() -> None:
    setup = read_tunnel(TUNNEL, binding("{name: list, spec: {target: 'http://a'}}"))
    assert settings(setup) == {"connector.extraEnv": [{"name": "TZ", "value": "UTC"}]}


def test_the_deployment_and_the_config_map_of_a_tunnel_are_not_read_again() -> None:
    owner = "ownerReferences: [{kind: Tunnel, name: cellar}]"
    config_map = f"""
apiVersion: v1
kind: ConfigMap
metadata: {{name: cellar, namespace: wine, {owner}}}
data: {{config.yaml: "tunnel: t\\ningress: [{{service: http_status:404}}]"}}
"""
    deployment = f"""
apiVersion: apps/v1
kind: Deployment
metadata: {{name: cellar, namespace: wine, {owner}}}
spec: {{template: {{spec: {{containers: [{{name: cloudflared, image: cloudflare/cloudflared, args: [tunnel, run]}}]}}}}}}
"""
    setup = read_tunnel(TUNNEL, binding("{name: list, spec: {target: 'http://a'}}"), config_map, deployment)
    assert setup.title == "Tunnel wine/cellar"
