"""The commands of the embedded control plane: etcd, the API server, two controllers, and KWOK in the kubelets' place."""

from pathlib import Path

ETCD, API_SERVER, CONTROLLERS, SCHEDULER, KWOK = (
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kwok",
)
CLIENTS = (CONTROLLERS, SCHEDULER, KWOK)
"""These find the API server through the kubeconfig."""
PROGRAMS = (ETCD, API_SERVER, *CLIENTS)
"""In the order they start."""

# Off: what needs a kubelet's heartbeat (the nodes have none), a cloud, metrics, disks or certificates. The rest is as in
# any cluster: rollouts, garbage collection, namespaces, endpoints, quotas, disruption budgets, service accounts.
_CONTROLLERS_OFF = (
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


class Folder:
    """The control plane's files; every program runs in `path`, so that sockets have short names wherever the home is."""

    def __init__(self, home: Path) -> None:
        self.path = home / "cluster"
        self.kubeconfig = self.path / "kubeconfig"
        self.tokens = self.path / "tokens.csv"
        self.socket = self.path / "etcd.sock"
        self.authority = self.path / "certificates" / "apiserver.crt"
        self.stages = self.path / "kwok.yaml"

    def prepare(self) -> None:
        """Make what the programs expect to find; what is there from an earlier run is kept."""
        for folder in (self.path, self.path / "etcd", self.path / "certificates"):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def stage(self, stages: str) -> bool:
        """Write down what KWOK is to do; whether that is something new, which it learns only as it starts."""
        if self.stages.exists() and self.stages.read_text() == stages:
            return False
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.stages.write_text(stages)
        return True


def arguments(program: str, port: int) -> list[str]:
    """The arguments of one program, with the API server on `port`.

    Of all of them only the API server listens on a port. Its certificate, valid for a year, is made by itself, and the
    certificate's key also signs service-account tokens. etcd, which asks nobody who they are, listens on a socket in a
    folder that its owner alone can enter.
    """
    if program == ETCD:
        # Without fsync a power cut can lose the sandbox, though a killed process cannot; with it the first start would wait
        # for the disk at each of some hundred objects that a new cluster is made of.
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
            "--disable-admission-plugins=TaintNodesByCondition",  # the controller that takes that taint away is off
            "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
            "--service-account-key-file=certificates/apiserver.key",
            "--service-account-signing-key-file=certificates/apiserver.key",
            "--service-cluster-ip-range=10.96.0.0/16,fd00:10:96::/112",
            "--allow-privileged",  # so that it is the namespace's Pod Security level that decides
            "--endpoint-reconciler-type=none",  # there is but one server, and no pod that looks for it
            "--enable-priority-and-fairness=false",
            "--profiling=false",
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
    off = ",".join(f"-{controller}" for controller in _CONTROLLERS_OFF)
    return [*common, f"--controllers=*,{off}", "--root-ca-file=certificates/apiserver.crt"]
