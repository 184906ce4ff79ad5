"""Readers of ConfigMaps and of the workloads that run cloudflared."""

import base64
import json

import pytest

from ops.errors import OperatorError
from ops.migrate.conversion import convert
from tests.support.migrate_input import origin, read_tunnel, read_tunnels, remarks, rules, settings

CONFIG_MAP = """
apiVersion: v1
kind: ConfigMap
metadata: {name: tunnel-config, namespace: homelab}
data:
  notes.txt: not for cloudflared
  config.yaml: |
    tunnel: cellar
    loglevel: warn
    ingress:
      - hostname: wiki.example.org
        service: http://wiki:8080
        pathh: /old
      - service: http_status:404
"""
SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: wiki, namespace: homelab}
spec: {selector: {app: wiki}, ports: [{port: 8080, targetPort: http}]}
"""


def deployment(arguments: list[str], container: str = "", spec: str = "") -> str:
    """A Deployment whose pods run cloudflared with these arguments; the rest is YAML in flow style."""
    inner = (
        f"{{name: tunnel, image: 'registry.example/cloudflared:2026.1.0', args: {json.dumps(arguments)}, {container}}}"
    )
    return f"""
apiVersion: apps/v1
kind: Deployment
metadata: {{name: tunnel, namespace: homelab}}
spec:
  replicas: 4
  template:
    spec: {{containers: [{inner}], {spec}}}
"""


def test_a_config_map_holds_a_config_file_whose_bare_names_are_of_its_namespace() -> None:
    setup = read_tunnel(CONFIG_MAP, SERVICE)
    assert (setup.name, setup.title) == ("cellar", "ConfigMap homelab/tunnel-config, config.yaml")
    assert rules(setup) == ["wiki.example.org -> http://wiki:8080", "* -> http_status:404"]
    assert {rule.namespace for rule in setup.rules} == {"homelab"}
    assert "homelab/wiki" in setup.services
    assert settings(setup) == {"connector.logLevel": "warn"}


def test_the_lines_of_a_file_in_a_config_map_are_those_of_the_input() -> None:
    setup = read_tunnel(CONFIG_MAP)
    line = CONFIG_MAP.strip().splitlines().index("        pathh: /old") + 1
    assert f"input.yaml:{line}: wiki.example.org, pathh: cloudflared ignores this key of a rule" in remarks(setup)


def test_a_config_map_as_json_has_the_line_of_its_key() -> None:
    text = json.dumps(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "c", "namespace": "n"},
            "data": {"c": "ingress:\n- hostname: a.example.org\n  service: http://a\n  x: 1\n"},
        },
        indent=1,
    )
    assert "input.yaml:9: a.example.org, x: cloudflared ignores" in remarks(read_tunnel(text))


def test_a_file_in_a_config_map_that_is_not_yaml_is_one_error() -> None:
    with pytest.raises(OperatorError, match=r"^input.yaml:5: ConfigMap c, config.yml is not YAML: line 3, column"):
        read_tunnels("""
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: c}
            data:
              config.yml: |
                ingress:
                  - [
            """)


def test_a_config_map_of_another_program_is_reported_as_not_about_a_tunnel() -> None:
    setups, found = read_tunnels("{apiVersion: v1, kind: ConfigMap, metadata: {name: m, namespace: n}, data: {a: b}}")
    assert not setups
    assert "ConfigMap m: not about a tunnel's routes" in remarks(found)


def test_a_deployment_has_the_config_file_that_it_mounts() -> None:
    mounted = deployment(
        ["tunnel", "--config", "/etc/t/c.yaml", "--loglevel=debug", "--retries", "9", "run"],
        "volumeMounts: [{name: v, mountPath: /etc/t}]",
        "volumes: [{name: v, configMap: {name: tunnel-config, items: [{key: config.yaml, path: c.yaml}]}}]",
    )
    setup = read_tunnel(mounted, CONFIG_MAP)
    assert rules(setup) == ["wiki.example.org -> http://wiki:8080", "* -> http_status:404"]
    assert settings(setup) == {
        "connector.logLevel": "debug",
        "connector.extraEnv": [{"name": "TUNNEL_RETRIES", "value": "9"}],
        "connector.replicas": 4,
    }


@pytest.mark.parametrize(
    ("mount", "volume"),
    [
        ("{name: v, mountPath: /etc/cloudflared}", "configMap: {name: tunnel-config}"),
        (
            "{name: v, mountPath: /etc/cloudflared/config.yaml, subPath: config.yaml}",
            "configMap: {name: tunnel-config}",
        ),
        (
            "{name: v, mountPath: /etc/cloudflared}",
            "projected: {sources: [{secret: {name: s}}, {configMap: {name: tunnel-config}}]}",
        ),
    ],
)
def test_a_config_file_is_found_at_cloudflareds_usual_path(mount: str, volume: str) -> None:
    text = deployment(["tunnel", "run"], f"volumeMounts: [{mount}]", f"volumes: [{{name: v, {volume}}}]")
    assert rules(read_tunnel(text, CONFIG_MAP))[0] == "wiki.example.org -> http://wiki:8080"


def test_a_config_map_that_is_mounted_but_not_in_the_input_is_named_with_its_command() -> None:
    text = deployment(
        ["tunnel", "run"],
        "volumeMounts: [{name: v, mountPath: /etc/cloudflared}]",
        "volumes: [{name: v, configMap: {name: elsewhere}}]",
    )
    report = remarks(read_tunnel(text))
    assert "its config.yml is in the ConfigMap elsewhere, which is not in the input" in report
    assert "kubectl -n homelab get configmap elsewhere -o yaml" in report


def test_the_arguments_are_a_rule_of_their_own_without_a_config_file() -> None:
    setup = read_tunnel(
        deployment(
            ["tunnel", "--url", "http://shop:80", "--hostname=shop.example.org", "--no-tls-verify=false"],
            "env: [{name: TUNNEL_HTTP_HOST_HEADER, value: shop.internal}, {name: TUNNEL_ORIGIN_ENABLE_HTTP2, value: 'true'}]",
        )
    )
    assert rules(setup) == ["shop.example.org -> http://shop:80"]
    assert setup.rules[0].namespace == "homelab"
    assert origin(setup) == {"httpHostHeader": "shop.internal", "http2Origin": True, "noTLSVerify": False}


@pytest.mark.parametrize(
    ("arguments", "service"),
    [
        (["tunnel", "--url", "shop:8080"], "http://shop:8080"),
        (["tunnel", "--hello-world", "--url", "http://shop"], "hello_world"),
        (["tunnel", "--unix-socket", "/run/app.sock"], "unix:/run/app.sock"),
        (["tunnel", "--bastion"], "bastion"),
    ],
)
def test_a_service_of_the_arguments_is_as_cloudflared_takes_it(arguments: list[str], service: str) -> None:
    assert read_tunnel(deployment(arguments)).rules[0].service == service


def test_arguments_precede_variables_and_these_the_config_file() -> None:
    text = deployment(
        ["tunnel", "--protocol", "http2", "run"],
        "env: [{name: TUNNEL_TRANSPORT_PROTOCOL, value: quic}, {name: TUNNEL_LOGLEVEL, value: fatal}], "
        "volumeMounts: [{name: v, mountPath: /etc/cloudflared}]",
        "volumes: [{name: v, configMap: {name: tunnel-config}}]",
    )
    found = settings(read_tunnel(text, CONFIG_MAP))
    assert (found["connector.protocol"], found["connector.logLevel"]) == ("http2", "fatal")


def test_a_shell_that_starts_cloudflared_is_read_too() -> None:
    text = deployment([]).replace("args: []", 'command: [sh, -c, "exec cloudflared tunnel --url http://blog run"]')
    assert rules(read_tunnel(text)) == ["* -> http://blog"]


def test_unknown_flags_and_variables_from_elsewhere_are_reported() -> None:
    text = deployment(
        ["tunnel", "--urll", "http://shop", "run"],
        "env: [{name: TUNNEL_LOGLEVEL, valueFrom: {configMapKeyRef: {name: a, key: b}}}, {name: TZ, value: UTC}], "
        "envFrom: [{configMapRef: {name: proxy}}], workingDir: /tmp",
        "hostNetwork: true, nodeSelector: {disk: ssd}",
    )
    setup = read_tunnel(text)
    report = remarks(setup)
    assert "--urll: cloudflared has no such flag" in report
    assert "TUNNEL_LOGLEVEL: its value is not in the input: it is from a configMapKeyRef" in report
    assert "envFrom proxy: its variables are not in the input" in report
    assert "Deployment tunnel, hostNetwork: the stack has no setting of this name" in report
    assert "Deployment tunnel, workingDir: the stack has no setting of this name" in report
    assert settings(setup)["connector.extraEnv"] == [{"name": "TZ", "value": "UTC"}]
    assert settings(setup)["connector.scheduling.nodeSelector"] == {"disk": "ssd"}


def test_a_token_names_account_and_tunnel_and_is_not_shown() -> None:
    token = base64.b64encode(b'{"a": "0123456789abcdef0123456789abcdef", "t": "the-tunnel", "s": "aHVzaA=="}').decode()
    setup = read_tunnel(deployment(["tunnel", "run", "--token", token]))
    assert (setup.account_id, setup.name, setup.remote) == ("0123456789abcdef0123456789abcdef", "the-tunnel", True)
    assert "its rules are at Cloudflare, and not in the input" in remarks(setup)
    assert token not in repr(setup.settings) + remarks(setup)


@pytest.mark.parametrize(
    "arguments",
    [["tunnel", "--tokn", "TOKEN", "run"], ["tunnel", "run", "TOKEN"], ["tunnel", "--name", "TOKEN"]],
)
def test_a_token_in_another_place_than_its_flag_is_not_a_name(arguments: list[str]) -> None:
    token = base64.b64encode(b'{"a": "0123456789abcdef0123456789abcdef", "t": "the-tunnel", "s": "aHVzaA=="}').decode()
    setup = read_tunnel(deployment([token if each == "TOKEN" else each for each in arguments]))
    assert (setup.account_id, setup.name, setup.remote) == ("0123456789abcdef0123456789abcdef", "the-tunnel", True)
    assert token not in repr(setup)


def test_a_token_in_place_of_a_name_in_a_config_file_is_not_shown() -> None:
    token = base64.b64encode(b'{"a": "0", "t": "t", "s": "aHVzaA=="}').decode()
    setup = read_tunnel(f"{{tunnel: {token}, loglevel: {token}, ingress: [{{service: 'http_status:404'}}]}}")
    assert setup.remote
    assert token not in repr(setup)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (["tunnel", "run", "--api-passwort", "hunter2"], ""),
        (["tunnel", "--api-passwort=hunter2", "run", "cellar"], "cellar"),
        (["tunnel", "--no-such-switch", "run", "cellar"], "cellar"),
    ],
)
def test_a_word_after_an_unknown_flag_is_not_the_name_of_the_tunnel(arguments: list[str], name: str) -> None:
    setup = read_tunnel(deployment(arguments))
    assert setup.name == name
    assert "hunter2" not in repr(setup)


def test_variables_that_look_like_secrets_are_left_out_and_others_are_reported() -> None:
    secrets = {
        "CF_API_TOKEN": "a1",
        "ClientSecret": "b2",
        "DB_PASSWORD": "c3",
        "SSH_KEY": "d4",
        "PROXY": "http://u:e5@h",
    }
    given = ", ".join(f"{{name: {name}, value: '{value}'}}" for name, value in secrets.items())
    others = (
        "{name: TZ, value: UTC}, {name: EMPTY_KEY}, {name: NODE, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}"
    )
    setup = read_tunnel(deployment(["tunnel", "--url", "http://a"], f"env: [{given}, {others}]"))
    assert settings(setup)["connector.extraEnv"] == [
        {"name": "TZ", "value": "UTC"},
        {"name": "EMPTY_KEY", "value": ""},
        {"name": "NODE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}},
    ]
    report = remarks(setup)
    for name, value in secrets.items():
        assert f"{name}: its value may be a secret, and a stack file is plain text" in report
        assert value not in repr(setup)
    assert "TZ: its value is copied into connector.extraEnv as it is, in plain text" in report
    assert "EMPTY_KEY" not in report
    assert "NODE" not in report


def test_a_token_from_a_secret_takes_the_rules_of_the_api_s_answer() -> None:
    text = deployment(
        ["tunnel", "run"], "env: [{name: TUNNEL_TOKEN, valueFrom: {secretKeyRef: {name: t, key: token}}}]"
    )
    answer = """
        success: true
        result:
          tunnel_id: 6ff42ae2-765d-4adf-8112-31c55c1551ef
          account_id: 0123456789abcdef0123456789abcdef
          config: {ingress: [{id: "1", hostname: wiki.example.org, service: "http://wiki", originRequest: {tlsTimeout: 0}}]}
    """
    setup = read_tunnel(text, answer)
    assert rules(setup) == ["wiki.example.org -> http://wiki"]
    assert setup.rules[0].namespace == "homelab"
    assert origin(setup) == {"tlsTimeout": 0}
    assert settings(setup)["connector.replicas"] == 4


def test_a_daemon_set_is_reported_for_its_number_of_connectors() -> None:
    text = deployment(["tunnel", "run", "--url", "http://a"]).replace("kind: Deployment", "kind: DaemonSet")
    assert "DaemonSet tunnel: it runs a connector on every node" in remarks(
        read_tunnel(text.replace("  replicas: 4\n", ""))
    )


def test_what_does_not_run_cloudflared_is_reported_as_not_about_a_tunnel() -> None:
    other = deployment([]).replace("cloudflared", "nginx")
    setups, found = read_tunnels(other, "{apiVersion: v1, kind: Secret, metadata: {name: s, namespace: n}}")
    assert not setups
    assert "Secret s, Deployment tunnel: not about a tunnel's routes" in remarks(found)


def test_objects_without_a_namespace_are_reported_unless_it_is_named() -> None:
    text = CONFIG_MAP.replace(", namespace: homelab", "")
    (setup,), found = read_tunnels(text)
    assert setup.rules[0].namespace == "default"
    assert "ConfigMap tunnel-config: without a namespace, assumed to be in default" in remarks(found)
    (setup,), found = read_tunnels(text, namespace="cellar")
    assert setup.rules[0].namespace == "cellar"
    assert not found.skipped


def test_a_hostname_that_cloudflared_ignores_is_the_routes_and_reported() -> None:
    ignored = "hostname shop.example.org: cloudflared ignores it for a tunnel that exists"
    arguments = ["tunnel", "--url", "http://shop", "--hostname", "shop.example.org"]
    setup = read_tunnel(deployment([*arguments, "run", "cellar"]))
    assert rules(setup) == ["shop.example.org -> http://shop"]
    assert ignored in remarks(setup)
    assert ignored not in remarks(read_tunnel(deployment([*arguments, "--name", "cellar"])))


def test_volumes_for_anything_but_configuration_and_credentials_are_reported() -> None:
    mounts = "{name: a, mountPath: /etc/cloudflared/creds}, {name: b, mountPath: /etc/ssl/own}"
    text = deployment(["tunnel", "--cred-file", "/etc/cloudflared/creds/c.json", "run"], f"volumeMounts: [{mounts}]")
    report = remarks(read_tunnel(text))
    assert "Deployment tunnel, the volume at /etc/ssl/own: the stack's connector mounts only its token" in report
    assert "/etc/cloudflared/creds:" not in report


def test_rules_of_a_config_file_beside_a_token_are_reported_as_those_that_may_not_apply() -> None:
    text = deployment(
        ["tunnel", "run"],
        "env: [{name: TUNNEL_TOKEN, valueFrom: {secretKeyRef: {name: t, key: k}}}], "
        "volumeMounts: [{name: v, mountPath: /etc/cloudflared}]",
        "volumes: [{name: v, configMap: {name: tunnel-config}}]",
    )
    setup = read_tunnel(text, CONFIG_MAP)
    assert rules(setup)[0] == "wiki.example.org -> http://wiki:8080"
    assert "it has a token, and rules that Cloudflare has for its tunnel would precede those of the input" in remarks(
        setup
    )


def test_variables_in_arguments_are_filled_in_as_kubernetes_does() -> None:
    text = deployment(
        [
            "tunnel",
            "--url",
            "http://$(APP):$(PORT)",
            "--http-host-header",
            "$$(APP)",
            "--hostname",
            "$(NAME).example.org",
        ],
        "env: [{name: APP, value: shop}, {name: PORT, value: '80'}, {name: NAME, valueFrom: {fieldRef: {fieldPath: a}}}]",
    )
    setup = read_tunnel(text)
    assert rules(setup) == ["$(NAME).example.org -> http://shop:80"]
    assert origin(setup) == {"httpHostHeader": "$(APP)"}


PULLED = deployment(
    ["tunnel", "--config", "/etc/cloudflared/config.yaml", "run"],
    "volumeMounts: [{name: c, mountPath: /etc/cloudflared}], "
    "env: [{name: PROXY, valueFrom: {configMapKeyRef: {name: proxy, key: url}}}]",
    "imagePullSecrets: [{name: registry}], volumes: [{name: c, configMap: {name: tunnel-config}}]",
)


@pytest.mark.parametrize(
    ("service", "advised"),
    [
        # Nothing but connectors is in the namespace, as far as the input tells.
        ("http://wiki.docs.svc:8080", "use it for the stack's too: culvert:namespace: {name: homelab, create: false}"),
        # An application is in it.
        (
            "http://wiki:8080",
            "copy them into a namespace for the connector, and name that: culvert:namespace: {name: …",
        ),
    ],
)
def test_only_a_namespace_without_applications_is_advised_for_the_connector(service: str, advised: str) -> None:
    setup = read_tunnel(CONFIG_MAP.replace("http://wiki:8080", service), PULLED)
    setup.account_id = "0" * 32
    (remark,) = [item for item in convert(setup).skipped if item.item == "namespace"]
    assert remark.remedy.startswith(advised)
    assert "uses proxy, registry of the namespace homelab" in remark.reason


def test_a_connector_that_needs_no_object_of_its_namespace_has_no_remark_about_it() -> None:
    plain = PULLED.replace("imagePullSecrets: [{name: registry}], ", "").replace("configMapKeyRef", "fieldRef")
    setup = read_tunnel(CONFIG_MAP, plain.replace("{name: proxy, key: url}", "{fieldPath: spec.nodeName}"))
    setup.account_id = "0" * 32
    assert not [item for item in convert(setup).skipped if item.item == "namespace"]
