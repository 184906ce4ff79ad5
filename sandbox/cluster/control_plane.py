"""The commands of the embedded control plane: etcd, API server, controller manager, scheduler, and KWOK as kubelet."""

from pathlib import Path

from sandbox.cluster import kubelet_certificates
from sandbox.directory import write_private

ETCD, API_SERVER, CONTROLLERS, SCHEDULER, KWOK = (
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kwok",
)
CLIENTS = (CONTROLLERS, SCHEDULER, KWOK)
"""The programs that reach the API server through the kubeconfig."""
PROGRAMS = (ETCD, API_SERVER, *CLIENTS)
"""In start order."""

# Disabled are controllers that need a kubelet's heartbeat (the nodes have none), a cloud, metrics, disks or
# certificates. The others run as in any cluster: rollouts, garbage collection, namespaces, endpoints, quotas,
# disruption budgets, service accounts.
_DISABLED_CONTROLLERS = (
    "certificatesigningrequest-approving-controller",
    "certificatesigningrequest-cleaner-controller",
    "certificatesigningrequest-signing-controller",
    "cloud-node-lifecycle-controller",
    "horizontal-pod-autoscaler-controller",
    "node-ipam-controller",
    "node-lifecycle-controller",
    "node-route-controller",
    "persistentvolume-attach-detach-controller",
    "persistentvolume-expander-controller",
    "resourceclaim-controller",
    "service-lb-controller",
    "ttl-controller",
)


class ControlPlaneFolder:
    """The control plane's files. Every program runs in `path`: a Unix socket's path is limited to 107 characters."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / "cluster"
        self.kubeconfig = self.path / "kubeconfig"
        self.tokens = self.path / "tokens.csv"
        self.socket = self.path / "etcd.sock"
        self.authority = self.path / "certificates" / "apiserver.crt"
        self.stages = self.path / "kwok.yaml"

    def prepare(self) -> None:
        """Creates the folders that the programs expect; those of an earlier run stay."""
        for folder in (self.path, self.path / "etcd", self.path / "certificates"):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        kubelet_certificates.write(self.path)

    def write_stages(self, stages: str) -> bool:
        """Writes KWOK's stages; returns whether they changed. KWOK reads them only when it starts."""
        if self.stages.exists() and self.stages.read_text() == stages:
            return False
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(self.stages, stages)
        return True


def arguments(program: str, port: int) -> list[str]:
    """The arguments of one program, with the API server on `port`.

    Only the API server listens on a port. It generates its own certificate, valid for a year, whose key also signs
    service-account tokens. etcd, which does not authenticate its clients, listens on a Unix socket in a folder that
    only its owner can enter.
    """
    if program == ETCD:
        # Without fsync, a power cut can damage the data, but a killed process cannot. With it, the first start would
        # wait for the disk at each of the hundreds of objects of a new cluster.
        return [
            "--name=sandbox",
            "--data-dir=etcd",
            "--listen-client-urls=unix://etcd.sock",
            "--advertise-client-urls=unix://etcd.sock:0",
            "--listen-peer-urls=unix://etcd-peer.sock:0",
            "--initial-advertise-peer-urls=unix://etcd-peer.sock:0",
            "--initial-cluster=sandbox=unix://etcd-peer.sock:0",
            "--unsafe-no-fsync",
            "--log-level=warn",
        ]
    if program == API_SERVER:
        return [
            "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1",
            f"--secure-port={port}",
            "--cert-dir=certificates",
            "--etcd-servers=unix://etcd.sock",
            "--token-auth-file=tokens.csv",
            "--anonymous-auth=false",
            "--authorization-mode=Node,RBAC",
            "--enable-admission-plugins=NodeRestriction",
            "--disable-admission-plugins=TaintNodesByCondition",  # the controller that removes the taint is disabled
            "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
            "--service-account-key-file=certificates/apiserver.key",
            "--service-account-signing-key-file=certificates/apiserver.key",
            "--service-cluster-ip-range=10.96.0.0/16,fd00:10:96::/112",
            "--allow-privileged",  # the namespace's Pod Security level decides
            "--endpoint-reconciler-type=none",  # a single server, which no pod looks up
            "--enable-priority-and-fairness=false",
            "--profiling=false",
            # For `kubectl logs`: the kubelet that runs the connectors.
            "--kubelet-preferred-address-types=ExternalDNS,Hostname",
            f"--kubelet-certificate-authority={kubelet_certificates.AUTHORITY}",
            f"--kubelet-client-certificate={kubelet_certificates.CLIENT}",
            f"--kubelet-client-key={kubelet_certificates.CLIENT}",
        ]
    if program == KWOK:
        return [
            "--kubeconfig=kubeconfig",
            "--config=kwok.yaml",
            "--manage-all-nodes",
            "--node-lease-duration-seconds=0",
        ]
    common = ["--kubeconfig=kubeconfig", "--secure-port=0", "--leader-elect=false", "--kube-api-qps=200"]
    common += ["--kube-api-burst=400", "--profiling=false"]
    if program == SCHEDULER:
        return common
    disabled = ",".join(f"-{controller}" for controller in _DISABLED_CONTROLLERS)
    return [*common, f"--controllers=*,{disabled}", "--root-ca-file=certificates/apiserver.crt"]
