"""Whoever keeps an existing Secret: puts a tunnel's token, as Cloudflare tells it, where the tunnel's pods look for it."""

from pathlib import PurePosixPath
from typing import Any

from kubernetes import client

from sandbox.cloudflare.resources import tunnels
from sandbox.cloudflare.store import Store
from sandbox.secret_operators.secrets import write

SELECTOR = "app.kubernetes.io/name=cloudflared,app.kubernetes.io/part-of=culvert"
MARK = "culvert/token"
"""Pods that mount a Secret of somebody else's carry this annotation."""


def fill(api: client.ApiClient, store: Store) -> None:
    """Serve every connector of the cluster once; one whose tunnel is not there is left as it is."""
    core = client.CoreV1Api(api)
    deployments: Any = client.AppsV1Api(api).list_deployment_for_all_namespaces(label_selector=SELECTOR)
    for deployment in deployments.items:
        template = deployment.spec.template
        if MARK not in (template.metadata.annotations or {}) or deployment.metadata.deletion_timestamp:
            continue
        tunnel = store.one(
            "SELECT * FROM tunnels WHERE name = ? AND deleted IS NULL",
            template.metadata.labels["app.kubernetes.io/instance"],
        )
        if tunnel is None:
            continue
        volume = next(each for each in template.spec.volumes if each.name == "culvert-token")
        variables = {each.name: each.value for each in template.spec.containers[0].env}
        key = PurePosixPath(variables["TUNNEL_TOKEN_FILE"]).name
        metadata = {"namespace": deployment.metadata.namespace, "name": volume.secret.secret_name}
        write(core, metadata, {key: tunnels.connector_token(tunnel).encode()})
