"""Readers of the values of Helm charts."""

from tests.support.migrate_input import read_tunnel, read_tunnels, remarks, rules, settings

CLOUDFLARE = """
cloudflare:
  account: 0123456789abcdef0123456789abcdef
  tunnelName: cellar
  tunnelId: 6ff42ae2-765d-4adf-8112-31c55c1551ef
  secret: bm90IHNob3du
  enableWarp: true
  ingress:
    - hostname: media.example.org
      service: http://jellyfin:8096
replicaCount: 3
image: {tag: 2026.1.0}
podLabels: {team: home}
resources: {limits: {memory: 64Mi}}
imagePullSecrets: [{name: registry}]
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: false
extraArgs: [--post-quantum]
"""
COMMUNITY = """
replica: {allNodes: false, count: 5}
tunnelConfig:
  name: cellar
  protocol: http2
  retries: 8
  logLevel: error
  connectTimeout: 20s
  warpRouting: false
  noAutoUpdate: true
tunnelSecrets: {base64EncodedPemFile: c2VjcmV0}
ingress:
  - hostname: media.example.org
    service: http://jellyfin:8096
    originRequest: {noTLSVerify: false}
  - service: http_status:404
terminationGracePeriodSeconds: 30
"""


def test_values_of_cloudflares_chart_are_its_config_file_and_its_connectors() -> None:
    setup = read_tunnel(CLOUDFLARE, namespace="media")
    assert (setup.account_id, setup.name) == ("0123456789abcdef0123456789abcdef", "cellar")
    assert rules(setup) == ["media.example.org -> http://jellyfin:8096", "* -> http_status:404"]
    assert setup.rules[0].namespace == "media"
    assert settings(setup) == {
        "connector.replicas": 3,
        "connector.podLabels": {"team": "home"},
        "connector.resources": {"limits": {"memory": "64Mi"}},
        "connector.imagePullSecrets": ["registry"],
    }


def test_values_that_are_not_migrated_are_reported_and_those_of_the_chart_are_not() -> None:
    report = remarks(read_tunnel(CLOUDFLARE))
    assert "input.yaml:6: warp-routing: the private networks that it routes are not in this file" in report
    assert "input.yaml:11: image.tag: the stack's connector has its own" in report
    assert "input.yaml:17: securityContext.readOnlyRootFilesystem: the stack's connector has its own" in report
    assert "input.yaml:18: extraArgs: the chart has no such value" in report
    assert "allowPrivilegeEscalation" not in report
    assert "bm90IHNob3du" not in report


def test_values_of_the_remote_chart_have_no_rules() -> None:
    setup = read_tunnel("cloudflare: {tunnel_token: eyJhIjoiYiJ9}\nreplicaCount: 1")
    assert (setup.remote, setup.rules) == (True, [])
    report = remarks(setup)
    assert "its rules are at Cloudflare, and not in the input" in report
    assert "eyJhIjoiYiJ9" not in report


def test_values_of_the_communitys_chart_are_its_config_file_and_its_connectors() -> None:
    setup = read_tunnel(COMMUNITY)
    assert rules(setup) == ["media.example.org -> http://jellyfin:8096", "* -> http_status:404"]
    assert [(each.key, each.value) for each in setup.rules[0].origin] == [("noTLSVerify", False)]
    assert [(each.key, each.value, each.place.line) for each in setup.defaults] == [("connectTimeout", "20s", 7)]
    assert settings(setup) == {
        "connector.protocol": "http2",
        "connector.extraEnv": [{"name": "TUNNEL_RETRIES", "value": "8"}],
        "connector.logLevel": "error",
        "connector.replicas": 5,
    }
    report = remarks(setup)
    assert "c2VjcmV0" not in report
    assert "warp-routing" not in report
    assert "terminationGracePeriodSeconds" not in report


def test_the_communitys_chart_runs_a_connector_on_every_node_unless_told_otherwise() -> None:
    report = remarks(read_tunnel(COMMUNITY.replace("allNodes: false, ", "")))
    assert "replica.allNodes: the chart runs a connector on every node, as it is not false" in report


def test_a_misspelled_value_is_reported_at_any_depth() -> None:
    report = remarks(read_tunnel(COMMUNITY.replace("retries: 8", "retry: 8")))
    assert "input.yaml:5: tunnelConfig.retry: the chart has no such value" in report


def test_the_services_beside_values_resolve_their_rules() -> None:
    service = (
        "{apiVersion: v1, kind: Service, metadata: {name: jellyfin, namespace: media}, spec: {ports: [{port: 8096}]}}"
    )
    (setup,), _ = read_tunnels(CLOUDFLARE, service, namespace="media")
    assert list(setup.services) == ["media/jellyfin"]


def test_the_title_that_helm_prints_above_values_is_no_value() -> None:
    report = remarks(read_tunnel("USER-SUPPLIED VALUES:" + COMMUNITY))
    assert "USER-SUPPLIED" not in report
