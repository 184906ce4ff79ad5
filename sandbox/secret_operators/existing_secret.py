"""The owner of an existing Secret, emulated: writes the tunnel's token into the Secret that the connector mounts."""

from pathlib import PurePosixPath
from typing import Any

from kubernetes import client

from sandbox.cloudflare.resources import tunnels
from sandbox.cloudflare.store import Store
from sandbox.secret_operators.secrets import write

SELECTOR = "app.kubernetes.io/name=cloudflared,app.kubernetes.io/part-of=culvert"
ANNOTATION = "culvert/token"
"""The annotation of pods that mount a Secret which the stack does not own."""


def fill(api: client.ApiClient, store: Store) -> None:
    """Fills the Secret of every connector of the cluster; one whose tunnel does not exist is skipped."""
    core = client.CoreV1Api(api)
    deployments: Any = client.AppsV1Api(api).list_deployment_for_all_namespaces(label_selector=SELECTOR)
    for deployment in deployments.items:
        template = deployment.spec.template
        if ANNOTATION not in (template.metadata.annotations or {}) or deployment.metadata.deletion_timestamp:
            continue
        tunnel = store.one(
            "SELECT * FROM tunnels WHERE name = ? AND deleted IS NULL",
            template.metadata.labels["app.kubernetes.io/instance"],
        )
        if tunnel is None:
            continue
        volume = next(volume for volume in template.spec.volumes if volume.name == "culvert-token")
        variables = {variable.name: variable.value for variable in template.spec.containers[0].env}
        key = PurePosixPath(variables["TUNNEL_TOKEN_FILE"]).name
        metadata = {"namespace": deployment.metadata.namespace, "name": volume.secret.secret_name}
        write(core, metadata, {key: tunnels.connector_token(tunnel).encode()})
