"""Clients of the Kubernetes library for a kubeconfig, which leave none of its secrets in temporary files."""

import ssl
import tempfile
import urllib.parse
from collections.abc import Mapping
from typing import Any

from kubernetes import client, config
from urllib3.util.ssl_ import create_urllib3_context

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def load_client(source: str | Mapping[str, Any] | None, context: str | None = None) -> client.ApiClient:
    """A client for a context (default: the current one) of a kubeconfig: its path or paths, its content, or None for
    the usual path. A cluster on this machine is reached without a proxy.

    The library writes the CA, the client certificate and its key into temporary files, and removes them only when the
    process exits normally. Here they are read once and removed. Raises what the library does: ConfigException,
    OSError, YAMLError.
    """
    settings = client.Configuration()
    with tempfile.TemporaryDirectory(prefix="culvert-") as folder:
        options: dict[str, Any] = {
            "context": context,
            "client_configuration": settings,
            "temp_file_path": folder,
        }
        if isinstance(source, Mapping):
            config.load_kube_config_from_dict(source, **options)
        else:
            config.load_kube_config(source, **options)
        tls = _tls(settings)
    settings.ssl_ca_cert = settings.cert_file = settings.key_file = None
    return create_client(settings, tls)


def create_client(settings: client.Configuration, tls: ssl.SSLContext | None = None) -> client.ApiClient:
    """A client that asks once and does not retry."""
    if urllib.parse.urlsplit(settings.host).hostname in _LOOPBACK:
        settings.proxy = None
    settings.retries = 0
    api = client.ApiClient(settings)
    if tls:
        api.rest_client.pool_manager.connection_pool_kw["ssl_context"] = tls
    return api


def _tls(settings: client.Configuration) -> ssl.SSLContext:
    tls = create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED if settings.verify_ssl else ssl.CERT_NONE)
    if settings.ssl_ca_cert:
        tls.load_verify_locations(settings.ssl_ca_cert)
    else:
        tls.load_default_certs()
    if settings.cert_file:
        tls.load_cert_chain(settings.cert_file, settings.key_file)
    return tls
