"""Runs the connector's pods of the embedded cluster until it is stopped (SIGTERM or SIGINT)."""

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
from sandbox.edge.certificate_authority import Authority
from sandbox.edge.listener import listen
from sandbox.kubelet.cluster_api import ClusterApi
from sandbox.kubelet.kubelet import Kubelet
from sandbox.kubelet.process import stop_leftovers
from sandbox.kubelet.process_spec import Surroundings, within
from sandbox.kubelet.service_names import ServiceNames
from sandbox.kubelet.service_proxy import Origins
from sandbox.kubelet.services import Services
from sandbox.port_file import write as write_port_file

log = logging.getLogger(__name__)


async def serve(home: SandboxDirectory, kubeconfig: Path, cloudflared: Path, edge: Path, port_file: Path) -> None:
    """Serves until SIGTERM or SIGINT. The port file is `{"proxy": port}`, written once every pod has been taken over."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    stop_leftovers(home.path)
    ports, authority, api = json.loads(edge.read_text()), Authority(home), ClusterApi(kubeconfig)
    origins = Origins(Services(api), authority, ports["front"])
    proxy = listen(0)
    port: int = proxy.getsockname()[1]
    folder = home.path / "connectors"
    hosts = folder / "hosts" if enclosing(folder) else None
    around = Surroundings(cloudflared, tuple(ports["edge"]), authority.certificate, port, hosts)
    kubelet = Kubelet(api, around, home.path)
    work = asyncio.create_task(kubelet.follow())
    answering = asyncio.create_task(origins.serve(proxy))
    naming = asyncio.create_task(ServiceNames(api, origins.take, hosts).follow()) if hosts else None
    stopped = asyncio.create_task(stop.wait())
    settled = asyncio.create_task(kubelet.settled.wait())
    await asyncio.wait({work, stopped, settled}, return_when=asyncio.FIRST_COMPLETED)
    if settled.done():
        write_port_file(port_file, {"proxy": port})
    await asyncio.wait({work, stopped}, return_when=asyncio.FIRST_COMPLETED)
    work.cancel()
    await kubelet.stop()
    answering.cancel()
    if naming:
        naming.cancel()
        await asyncio.gather(naming, return_exceptions=True)
    await api.close()
    with contextlib.suppress(asyncio.CancelledError):
        await work  # one that ended by itself says why


def enclosing(folder: Path) -> bool:
    """Whether this machine gives processes files of their own; why not is logged."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    command = within({"/etc/culvert/ca": folder}, folder / "root", [sys.executable, "-I", "-c", "pass"])
    tried = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=60)
    if tried.returncode:
        log.warning("caPool and tcp:// origins do not work here: %s", tried.stderr.strip())
    return tried.returncode == 0


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m sandbox.kubelet", description=__doc__)
    arguments.add_argument("--home", type=Path, required=True, help="the sandbox's folder")
    arguments.add_argument("--kubeconfig", type=Path, required=True, help="the embedded cluster's")
    arguments.add_argument("--cloudflared", type=Path, required=True, help="the program to run")
    arguments.add_argument("--edge", type=Path, required=True, help="the port file of the edge")
    arguments.add_argument(
        "--port-file", type=Path, required=True, help="where the proxy's port is written when all is up"
    )
    wanted = arguments.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    home = SandboxDirectory(wanted.home)
    asyncio.run(serve(home, wanted.kubeconfig, wanted.cloudflared, wanted.edge, wanted.port_file))


if __name__ == "__main__":
    main()
