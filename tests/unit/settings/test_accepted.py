"""Settings that are accepted, and the values derived from them."""

from typing import Any

import pytest
from pydantic import ValidationError

from settings import ConnectorOptions, NetworkPolicyOptions, Settings
from settings.json_schema import json_schema
from settings.options.images import DIGEST
from tests.support.settings_examples import (
    ACCOUNT,
    ZONE,
    a_backend,
    a_route,
    connector,
    only_issue,
    values,
    variable,
    volume,
)


def test_three_keys_are_enough() -> None:
    settings = Settings.parse({"accountId": ACCOUNT, "zones": {"example.com": None}, "routes": [a_route()]})
    assert settings.namespace is None
    assert settings.sample_site is None
    assert settings.connector == ConnectorOptions()
    assert settings.network_policy == NetworkPolicyOptions()
    assert (settings.connector.replicas, settings.connector.grace_period_seconds) == (2, 30)
    assert settings.network_policy.preset == "strict"


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("Blog.EXAMPLE.com", "blog.example.com"),
        ("*.Example.com", "*.example.com"),
        ("bücher.example.com", "xn--bcher-kva.example.com"),
        ("BÜCHER.example.com", "xn--bcher-kva.example.com"),
        ("*.example.com", "*.example.com"),
        ("example.com", "example.com"),
        ("xn--bcher-kva.example.com", "xn--bcher-kva.example.com"),
        ("r3---sn.example.com", "r3---sn.example.com"),
    ],
)
def test_hostnames_are_sent_in_lower_case_and_punycode(given: str, sent: str) -> None:
    assert Settings.parse(values(a_route(hostname=given))).routes[0].hostname == sent


def test_zones_and_ids_are_kept_in_lower_case() -> None:
    zones = {"Bücher.example": ZONE.upper(), "example.com": "", "example.org": None}
    settings = Settings.parse(values(zones=zones, accountId=ACCOUNT.upper()))
    assert settings.zones == {"xn--bcher-kva.example": ZONE, "example.com": None, "example.org": None}
    assert settings.account_id == ACCOUNT


@pytest.mark.parametrize(
    ("service", "sent"),
    [
        ("http://blog", "http://blog.web.svc.cluster.local:80"),
        ("HTTPS://Blog", "https://blog.web.svc.cluster.local:443"),
        ("http://blog:8080", "http://blog.web.svc.cluster.local:8080"),
        ("ws://blog", "ws://blog.web.svc.cluster.local:80"),
        ("wss://blog", "wss://blog.web.svc.cluster.local:443"),
        ("ssh://bastion", "ssh://bastion.web.svc.cluster.local:22"),
        ("rdp://desk", "rdp://desk.web.svc.cluster.local:3389"),
        ("smb://files", "smb://files.web.svc.cluster.local:445"),
        ("tcp://postgres:5432", "tcp://postgres.web.svc.cluster.local:5432"),
        ("http://api.shop.svc", "http://api.shop.svc.cluster.local:80"),
        ("http://api.shop.svc.cluster.local:81", "http://api.shop.svc.cluster.local:81"),
        ("https://10.0.0.5", "https://10.0.0.5"),
        ("http://[FD00::5]:8080", "http://[fd00::5]:8080"),
        ("unix:/run/app.sock", "unix:/run/app.sock"),
        ("unix+tls:/run/app.sock", "unix+tls:/run/app.sock"),
        ("http_status:100", "http_status:100"),
        ("http_status:999", "http_status:999"),
        ("hello_world", "hello_world"),
    ],
)
def test_services_are_sent_by_their_full_name_in_the_stacks_namespace(service: str, sent: str) -> None:
    settings = Settings.parse(values(a_route(service=service)))
    assert settings.ingress_rules("web")[0]["service"] == sent


@pytest.mark.parametrize("service", ["https://origin.example.org", "http://Bücher.example:8080"])
def test_a_dns_name_may_be_an_origin_under_the_preset_guide(service: str) -> None:
    settings = Settings.parse(values(a_route(service=service), networkPolicy={"preset": "guide"}))
    assert settings.ingress_rules("web")[0]["service"] in (
        "https://origin.example.org",
        "http://xn--bcher-kva.example:8080",
    )
    assert settings.destinations("web") == ()


def test_a_deep_hostname_is_accepted_with_an_advanced_certificate() -> None:
    settings = Settings.parse(values(a_route(hostname="a.b.example.com", advancedCertificate=True)))
    assert settings.hostnames() == {"a.b.example.com": "example.com"}


def test_a_zone_of_a_subdomain_covers_one_label_below_itself() -> None:
    zones = {"example.com": ZONE, "dev.example.com": None}
    settings = Settings.parse(values(a_route(hostname="blog.dev.example.com"), zones=zones))
    assert settings.hostnames() == {"blog.dev.example.com": "dev.example.com"}


@pytest.mark.parametrize(("duration", "seconds"), [("1s", 1), ("30s", 30), ("2m", 120), ("1m30s", 90), ("3m", 180)])
def test_grace_periods_are_counted_in_seconds(duration: str, seconds: int) -> None:
    assert Settings.parse(connector(gracePeriod=duration)).connector.grace_period_seconds == seconds


@pytest.mark.parametrize(
    ("image", "reference"),
    [
        ({}, f"cloudflare/cloudflared:2026.10.0@{DIGEST}"),
        (
            {"repository": "registry.example.com:5000/a/cloudflared"},
            f"registry.example.com:5000/a/cloudflared:2026.10.0@{DIGEST}",
        ),
        ({"digest": ""}, "cloudflare/cloudflared:2026.10.0"),
        ({"tag": "2026.8.0", "digest": ""}, "cloudflare/cloudflared:2026.8.0"),
        ({"tag": "2026.8.0", "digest": "sha256:" + "0" * 64}, "cloudflare/cloudflared:2026.8.0@sha256:" + "0" * 64),
        ({"tag": "", "digest": "sha256:" + "0" * 64}, "cloudflare/cloudflared@sha256:" + "0" * 64),
    ],
)
def test_images_are_named_by_tag_and_digest(image: dict[str, str], reference: str) -> None:
    assert Settings.parse(connector(image=image)).connector.image.reference == reference


@pytest.mark.parametrize("image", ["nginx:1", "registry:5000/nginx:1", "nginx@sha256:" + "0" * 64])
def test_the_sample_site_takes_a_pinned_image(image: str) -> None:
    site = Settings.parse(values(sampleSite={"image": image})).sample_site
    assert site is not None
    assert (site.name, site.image) == ("blog", image)


def test_a_switch_and_a_name_are_shorthand_for_objects() -> None:
    settings = Settings.parse(values(sampleSite=True, namespace="web"))
    assert settings.sample_site is not None
    assert settings.sample_site.name == "blog"
    assert settings.namespace is not None
    assert (settings.namespace.name, settings.namespace.create, settings.namespace.labels) == ("web", True, {})
    assert Settings.parse(values(sampleSite=False, namespace="")).namespace is None


def test_an_existing_default_namespace_can_be_used() -> None:
    settings = Settings.parse(values(namespace={"name": "default", "create": False}))
    assert settings.namespace is not None
    assert settings.namespace.create is False


def test_quantities_may_be_numbers() -> None:
    given = {"requests": {"cpu": 0.5, "memory": "1Gi"}, "limits": {"cpu": 1, "memory": "1.5G"}}
    expected = {"requests": {"cpu": "0.5", "memory": "1Gi"}, "limits": {"cpu": "1", "memory": "1.5G"}}
    assert Settings.parse(connector(resources=given)).connector.resources == expected


@pytest.mark.parametrize(("given", "sent"), [(4, "4"), (6, "6"), ("6", "6"), ("auto", "auto"), (None, None)])
def test_the_ip_version_may_be_a_number(given: Any, sent: str | None) -> None:
    assert Settings.parse(connector(edgeIpVersion=given)).connector.edge_ip_version == sent


def test_variables_have_the_form_of_a_container_spec() -> None:
    by_value = {"name": "TUNNEL_RETRIES", "value": "8"}
    empty = {"name": "HTTPS_PROXY", "value": ""}
    by_reference = {"name": "A", "valueFrom": {"secretKeyRef": {"name": "proxy", "key": "url"}}}
    for given in (by_value, empty, by_reference):
        assert Settings.parse(variable(**given)).connector.extra_env == [given]


def test_volumes_have_the_form_of_a_pod_spec() -> None:
    (extra,) = Settings.parse(volume(mountPath="/etc//origin-ca/")).connector.extra_volumes
    assert extra.volume == {"name": "origin-ca", "secret": {"secretName": "origin-ca"}}
    assert extra.mount == {"name": "origin-ca", "mountPath": "/etc/origin-ca", "readOnly": True}


def test_rules_that_only_seem_to_shadow_each_other_are_accepted() -> None:
    paths: list[Any] = [
        {"exact": "/v1"},
        "/v1",
        "/v10",
        "/v1/users",
        {"regex": "^/v1/users/[0-9]+$"},
        {"regex": "^/v1(/a|/b)$"},
        {"regex": r"[.]php$"},
        {"regex": "^/v2$"},
        {"regex": "(?i)^/docs"},
        "/v2",
        None,
    ]
    settings = Settings.parse(values(*(a_route(path=path) for path in paths)))
    assert len(settings.ingress_rules("web")) == len(paths) + 1


def test_settings_cannot_be_changed() -> None:
    settings = Settings.parse(values())
    with pytest.raises(ValidationError, match="frozen"):
        settings.account_id = ZONE


def test_python_names_are_not_keys() -> None:
    assert only_issue(values(a_route(advanced_certificate=True))).key == "culvert:routes[0].advanced_certificate"


def groups() -> list[dict[str, Any]]:
    schema = json_schema()
    return [schema, *schema["$defs"].values()]


def test_the_schema_has_a_description_accepted_values_source_and_examples_of_every_key() -> None:
    seen = 0
    for group in groups():
        assert group["additionalProperties"] is False
        for key, schema in group["properties"].items():
            assert schema["examples"], key
            assert schema["x-accepted"], key
            assert schema["x-source"].startswith("https://"), key
            assert schema["description"].endswith(".")
            seen += 1
    assert seen > 50


def test_the_examples_of_every_top_level_key_are_accepted() -> None:
    for key, schema in groups()[0]["properties"].items():
        for example in schema["examples"]:
            # The example of monitoring requires metricsFrom.
            Settings.parse(values(**{"networkPolicy": {"metricsFrom": "monitoring"}, key: example}))


def test_a_backend_names_service_namespace_scheme_and_port() -> None:
    given = a_backend(namespace="shop", targetPort=8080, podSelector={"app": "api"}, scheme="https", port=443)
    settings = Settings.parse(values(given))
    assert settings.ingress_rules("web")[0]["service"] == "https://api.shop.svc.cluster.local:443"
