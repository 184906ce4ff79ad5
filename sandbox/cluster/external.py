"""An external cluster, named by `CULVERT_SANDBOX_KUBECONFIG`."""

import os
from pathlib import Path

from sandbox.errors import SandboxError


def external_kubeconfig() -> Path | None:
    """The kubeconfig of the cluster that replaces the embedded one, if any.

    It has a variable of its own. The ambient `KUBECONFIG` is never used: a rehearsal must not reach a cluster by
    accident.
    """
    chosen = os.environ.get("CULVERT_SANDBOX_KUBECONFIG")
    if not chosen:
        return None
    path = Path(chosen).expanduser().resolve()
    if not path.is_file():
        raise SandboxError(
            f"CULVERT_SANDBOX_KUBECONFIG is {chosen!r}, which is not a file",
            key="CULVERT_SANDBOX_KUBECONFIG",
            value=chosen,
            accepted="the path of a kubeconfig, or nothing for the embedded cluster",
        )
    return path


def check_external(path: Path | str) -> str:
    """The version and address of the kubeconfig's cluster; `SandboxError` if the cluster does not answer."""

    from clients.errors import ApiUnreachable, KubernetesApiError
    from clients.kubernetes import KubernetesApi

    def unusable(message: str) -> SandboxError:
        return SandboxError(message, key="KUBECONFIG", value=str(path), accepted="a kubeconfig whose cluster answers")

    try:
        api = KubernetesApi(str(path))
    except ApiUnreachable as error:
        raise unusable(f"{path} is not a usable kubeconfig: {error.reason}") from error
    try:
        version = api.get("/version")["gitVersion"]
    except KubernetesApiError as error:
        reason = "does not accept its credentials" if error.status in (401, 403) else "answers with an error"
        raise unusable(f"The cluster of {path} {reason}: HTTP {error.status}.") from error
    except ApiUnreachable as error:
        raise unusable(f"The cluster of {path} cannot be reached: {error.reason}") from error
    return f"Kubernetes {version} at {api.server}"
