"""Runs the connector's pods of the embedded cluster until SIGTERM or SIGINT."""

import argparse
import asyncio
import contextlib
import json
import logging
import signal
import subprocess
import sys
from pathlib import Path

from sandbox.directory import SandboxDirectory
from sandbox.edge.certificate_authority import CertificateAuthority
from sandbox.edge.listener import listen
from sandbox.kubelet.cluster_api import ClusterApi
from sandbox.kubelet.container_logs import ContainerLogs
from sandbox.kubelet.kubelet import Kubelet
from sandbox.kubelet.process import stop_orphans
from sandbox.kubelet.process_spec import HostEnvironment, in_mount_namespace
from sandbox.kubelet.recent import RecentObjects
from sandbox.kubelet.service_names import ServiceNames
from sandbox.kubelet.service_proxy import ServiceProxy
from sandbox.port_file import write as write_port_file

log = logging.getLogger(__name__)


async def serve(
    home: SandboxDirectory,
    kubeconfig: Path,
    cloudflared: Path,
    edge: Path,
    port_file: Path,
    *,
    rollouts_wait: bool,
    enforced: bool,
) -> None:
    """Serves until SIGTERM or SIGINT.

    `rollouts_wait`: rollouts wait for `minReadySeconds`. `enforced`: network policies apply to the connectors.

    The port file, `{"proxy": port, "policy": true or false}`, is written once all existing pods are adopted.
    """
    stop = asyncio.Event()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signal_number, stop.set)
    stop_orphans(home.path)
    edge_ports, authority, api = json.loads(edge.read_text()), CertificateAuthority(home), ClusterApi(kubeconfig)
    service_proxy = ServiceProxy(RecentObjects(api), authority, edge_ports["frontend"], enforced=enforced)
    listener = listen(0)
    proxy_port: int = listener.getsockname()[1]
    folder = home.path / "connectors"
    hosts = folder / "hosts" if supports_mount_namespaces(folder) else None
    host = HostEnvironment(
        cloudflared, tuple(edge_ports["edge"]), authority.certificate, proxy_port, hosts, rollouts_wait
    )
    kubelet = Kubelet(api, host, home.path)
    running = asyncio.create_task(kubelet.run())
    proxying = asyncio.create_task(service_proxy.serve(listener))
    logs = asyncio.create_task(ContainerLogs(home.path, kubeconfig.parent, kubelet.has).serve(listen(0), api))
    names = ServiceNames(api, service_proxy.serve_tcp, hosts, kubelet.owner_of) if hosts else None
    naming = asyncio.create_task(names.run()) if names else None
    stopped = asyncio.create_task(stop.wait())
    adopted = asyncio.create_task(kubelet.adopted.wait())
    await asyncio.wait({running, stopped, adopted}, return_when=asyncio.FIRST_COMPLETED)
    if adopted.done():
        write_port_file(port_file, {"proxy": proxy_port, "policy": enforced})
    await asyncio.wait({running, stopped}, return_when=asyncio.FIRST_COMPLETED)
    running.cancel()
    await kubelet.stop()
    proxying.cancel()
    logs.cancel()
    if naming:
        naming.cancel()
        await asyncio.gather(naming, return_exceptions=True)
    await api.close()
    with contextlib.suppress(asyncio.CancelledError):
        await running  # raises the error of a task that ended by itself


def supports_mount_namespaces(folder: Path) -> bool:
    """Whether this machine lets a process have mounts of its own; logs the reason where it does not."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    command = in_mount_namespace({"/etc/culvert/ca": folder}, folder / "root", [sys.executable, "-I", "-c", "pass"])
    attempt = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=60)
    if attempt.returncode:
        log.warning("caPool and tcp:// origins do not work here: %s", attempt.stderr.strip())
    return attempt.returncode == 0


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m sandbox.kubelet", description=__doc__)
    parser.add_argument("--home", type=Path, required=True, help="the sandbox's directory")
    parser.add_argument("--kubeconfig", type=Path, required=True, help="kubeconfig of the embedded cluster")
    parser.add_argument("--cloudflared", type=Path, required=True, help="the cloudflared binary")
    parser.add_argument("--edge", type=Path, required=True, help="the edge's port file")
    parser.add_argument(
        "--port-file", type=Path, required=True, help="file that receives the proxy's port once the pods are adopted"
    )
    parser.add_argument("--rollouts-wait", action="store_true", help="rollouts wait for minReadySeconds")
    parser.add_argument(
        "--policy", choices=("on", "off"), default="on", help="whether network policies apply to the connectors"
    )
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    asyncio.run(
        serve(
            SandboxDirectory(options.home),
            options.kubeconfig,
            options.cloudflared,
            options.edge,
            options.port_file,
            rollouts_wait=options.rollouts_wait,
            enforced=options.policy == "on",
        )
    )


if __name__ == "__main__":
    main()
