"""What a stack file assumes to exist: account, zones, objects to adopt, an existing namespace and Secret."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from settings import ExistingSecretOptions, Settings


def api_objects(settings: "Settings") -> dict[str, list[dict[str, Any]]]:
    """The objects of the Cloudflare API that a stack with these settings refers to without creating them."""
    account = settings.account_id
    adopted = settings.tunnel.adopt
    hostnames = settings.hostnames()
    network = settings.private_networks and settings.private_networks.virtual_network
    return {
        "accounts": [{"id": account, "name": "Sandbox"}],
        "zones": [{"id": zone_id, "name": name, "account": account} for name, zone_id in settings.zones.items()],
        "tunnels": [{"id": adopted, "name": f"adopted-{adopted[:8]}", "account": account}] if adopted else [],
        "records": [
            {"id": route.adopt, "name": route.hostname, "zone": hostnames[route.hostname]}
            for route in settings.routes
            if route.adopt
        ],
        "virtual_networks": [{"id": network.id, "name": f"existing-{network.id[:8]}", "account": account}]
        if network and network.id
        else [],
    }


def create_cluster_objects(kubeconfig: Path, settings: "Settings") -> None:
    """Creates the namespace and the Secret that a stack with these settings refers to without creating them."""
    if settings.namespace and not settings.namespace.create:
        _ensure_namespace(kubeconfig, settings.namespace.name)
        if settings.token.secret:
            _ensure_secret(kubeconfig, settings.namespace.name, settings.token.secret)


def _ensure_namespace(kubeconfig: Path, name: str) -> None:
    from kubernetes import client

    from sandbox.cluster.access import connect

    with connect(kubeconfig) as api:
        try:
            client.CoreV1Api(api).create_namespace(client.V1Namespace(metadata=client.V1ObjectMeta(name=name)))
        except client.ApiException as error:
            if error.status != 409:
                raise


def _ensure_secret(kubeconfig: Path, namespace: str, options: "ExistingSecretOptions") -> None:
    """Creates the Secret with an empty token; `sandbox/secret_operators/existing_secret.py` fills it."""
    from kubernetes import client

    from sandbox.cluster.access import connect
    from sandbox.secret_operators.secrets import read, write

    with connect(kubeconfig) as api:
        core = client.CoreV1Api(api)
        if read(core, namespace, options.name) is None:
            write(core, {"namespace": namespace, "name": options.name}, {options.key: b""})
