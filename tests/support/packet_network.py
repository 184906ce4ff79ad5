"""Flows as packets between network namespaces, through a router on which an enforcer of network policies decides.

The enforcer is SIG Network's, kube-network-policies: netfilter queues the first packet of each connection, and it says
whether the packet goes on. https://github.com/kubernetes-sigs/kube-network-policies
"""

import asyncio
import contextlib
import ctypes
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv6Address, ip_address
from pathlib import Path
from typing import Any, TypeVar

from tests.support.processes import eventually
from traffic import Flow, Host

Result = TypeVar("Result")

QUEUE = 100
"""The enforcer's default."""
_CLONE_NEWNET = 0x40000000
_EVERYWHERE = ("0.0.0.0/0", "::/0")
_BROADCAST = ip_address("255.255.255.255")
_NFTABLES = (
    "add table inet queue",
    "add chain inet queue postrouting { type filter hook postrouting priority mangle; }",
    f"add rule inet queue postrouting ct state new queue num {QUEUE}",
)
_IPTABLES = f"-t mangle -A POSTROUTING -m conntrack --ctstate NEW -j NFQUEUE --queue-num {QUEUE}"
_QUIET = 0.5
"""Seconds, of which two in a row without an answer, and without a packet in the queue, mean that no more will come."""
_PATIENCE = 300
"""Seconds in which the enforcer has to decide about all packets."""


class Namespace:
    """A network namespace of this process. It has no name, so that it ends with the process, however that ends."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1)  # a thread has a network namespace of its own
        self.thread_id = self.run(_enter_new_network)

    def run(self, function: Callable[..., Result], *args: Any, **options: Any) -> Result:
        """Calls `function` in the namespace. Sockets and processes that it opens stay there."""
        return self._thread.submit(function, *args, **options).result()

    def command(self, *command: str, lines: Sequence[str] = ()) -> None:
        """Runs a command in the namespace, with `lines` as its input; `RuntimeError` has what it says if it fails."""
        done = self.run(subprocess.run, command, input="\n".join(lines), capture_output=True, text=True)
        if done.returncode:
            reason = next(iter(done.stderr.splitlines()), "")
            raise RuntimeError(f"{' '.join(command)} exited with {done.returncode}: {reason}")

    def close(self) -> None:
        """The kernel deletes the namespace once the sockets in it are closed as well."""
        self._thread.shutdown()


def _enter_new_network() -> int:
    libc = ctypes.CDLL(None, use_errno=True)  # os.unshare is new in Python 3.12
    if libc.unshare(_CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return threading.get_native_id()


def missing() -> str:
    """What this machine lacks for such a network, in words; empty if it lacks nothing."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "root on Linux"
    if shutil.which("ip") is None:
        return "ip (iproute2)"
    if not Path("/proc/net/if_inet6").exists():
        return "a kernel with IPv6"
    try:
        namespace = Namespace()
    except OSError as error:
        return f"the right to make network namespaces ({error})"
    try:
        _queue_packets(namespace)
    except RuntimeError as error:
        return f"nft or iptables, and a kernel that queues packets for it (NFT_QUEUE, XT_TARGET_NFQUEUE): {error}"
    finally:
        namespace.close()
    return ""


def can_be_sent(flow: Flow) -> bool:
    """Whether a router forwards packets to this destination: none does to those addresses."""
    ip = ip_address(flow.destination.ip)
    of_one_link = isinstance(ip, IPv6Address) and (ip.is_link_local or ip.ipv4_mapped is not None)
    return not (of_one_link or ip.is_loopback or ip.is_multicast or ip == _BROADCAST)


def arrivals(enforcer: Path, log: Path, policies: Sequence[Mapping[str, Any]], flows: Sequence[Flow]) -> list[bool]:
    """Whether the packets of each flow arrive, and their answers, where `enforcer` enforces these policies.

    TCP opens a connection, UDP exchanges a datagram. `log` is for the enforcer's output.
    """
    with contextlib.ExitStack() as stack:
        network = _Network(flows, stack)
        with _enforcing(network.router, enforcer, log, _objects(policies, flows)):
            return asyncio.run(network.send(flows))


class _Network:
    """A router, with a namespace for each address that sends; all other addresses are in one more."""

    def __init__(self, flows: Sequence[Flow], stack: contextlib.ExitStack) -> None:
        def namespace() -> Namespace:
            made = Namespace()
            stack.callback(made.close)
            return made

        self._stack = stack
        self.router, self._elsewhere = namespace(), namespace()
        self._senders = {ip: namespace() for ip in {flow.source.ip for flow in flows}}
        receivers = {flow.destination.ip for flow in flows} - self._senders.keys()
        for name in ("net/ipv4/ip_forward", "net/ipv6/conf/all/forwarding"):
            self.router.run((Path("/proc/sys") / name).write_text, "1")
        for number, (ip, sender) in enumerate(self._senders.items()):
            self._connect(sender, f"link{number}", [ip], [_prefix(ip)])
        self._connect(self._elsewhere, "elsewhere", sorted(receivers), _EVERYWHERE)

    def _connect(self, namespace: Namespace, link: str, ips: Iterable[str], routes: Iterable[str]) -> None:
        """Gives a namespace its addresses and a link to the router, which sends the packets of `routes` there."""
        namespace.command(
            *("ip", "-batch", "-"),
            lines=[
                "link set lo up",
                f"link add eth0 type veth peer name {link} netns {self.router.thread_id}",
                "link set eth0 up",
                "addr add fe80::2/64 dev eth0 nodad",
                *(f"addr add {_prefix(ip)} dev eth0{' nodad' if ':' in ip else ''}" for ip in ips),
                *(f"route add {route} via inet6 fe80::1 dev eth0" for route in _EVERYWHERE),
            ],
        )
        self.router.command(
            *("ip", "-batch", "-"),
            lines=[
                f"link set {link} up",
                f"addr add fe80::1/64 dev {link} nodad",
                *(f"route add {route} via inet6 fe80::2 dev {link}" for route in routes),
            ],
        )

    async def send(self, flows: Sequence[Flow]) -> list[bool]:
        """Sends all flows at once."""
        listening: dict[tuple[Host, int, str], socket.socket] = {}
        echoes: list[asyncio.Task[None]] = []
        for flow in flows:
            place = (flow.destination, flow.port, flow.protocol)
            if place not in listening:
                listening[place] = self._socket(flow, flow.destination, flow.port)
                if flow.protocol == "TCP":
                    listening[place].listen()
                else:
                    echoes.append(asyncio.create_task(_echo(listening[place])))
        attempts = [asyncio.create_task(_attempt(flow, self._socket(flow, flow.source))) for flow in flows]
        pending, quiet = {*attempts}, 0
        async with asyncio.timeout(_PATIENCE):
            while pending and quiet < 2:
                done, pending = await asyncio.wait(pending, timeout=_QUIET)
                quiet = 0 if done or self.router.run(_waiting) else quiet + 1
        for task in (*pending, *echoes):
            task.cancel()
        await asyncio.gather(*pending, *echoes, return_exceptions=True)
        # An error, such as a missing route, is raised: it is no verdict.
        return [attempt not in pending and attempt.result() is None for attempt in attempts]

    def _socket(self, flow: Flow, host: Host, port: int = 0) -> socket.socket:
        """A socket of the flow's protocol at one of its ends."""
        family = socket.AF_INET6 if ":" in host.ip else socket.AF_INET
        kind = socket.SOCK_STREAM if flow.protocol == "TCP" else socket.SOCK_DGRAM
        made = self._senders.get(host.ip, self._elsewhere).run(socket.socket, family, kind)
        self._stack.enter_context(made)
        made.setblocking(False)
        made.bind((host.ip, port))
        return made


async def _attempt(flow: Flow, sender: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    await loop.sock_connect(sender, (flow.destination.ip, flow.port))
    if flow.protocol == "UDP":
        await loop.sock_sendall(sender, b"packet")
        assert await loop.sock_recv(sender, 100) == b"packet"


async def _echo(listener: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    while True:
        data, sender = await loop.sock_recvfrom(listener, 100)
        await loop.sock_sendto(listener, data, sender)


@contextlib.contextmanager
def _enforcing(router: Namespace, enforcer: Path, log: Path, objects: Mapping[str, Any]) -> Iterator[None]:
    """Runs the enforcer on the router, and checks afterwards that it has decided about every packet in its queue."""
    with log.open("w") as output:
        process = router.run(
            subprocess.Popen, [enforcer], stdin=subprocess.PIPE, stdout=output, stderr=output, text=True
        )
        try:
            assert process.stdin is not None
            process.stdin.write(json.dumps(objects))
            process.stdin.flush()
            eventually(lambda: router.run(_queue) or process.poll() is not None)
            assert process.poll() is None, log.read_text()
            _queue_packets(router)
            yield
            _, _, _, _, _, *dropped, packets, _ = router.run(_queue)
            assert (dropped, process.poll()) == ([0, 0], None), log.read_text()
            assert packets, "no packet was queued for the enforcer"
        finally:
            process.kill()
            process.communicate()


def _queue_packets(namespace: Namespace) -> None:
    """Queues the first packet of each connection that the namespace forwards, by whichever rule the kernel has."""
    try:
        namespace.command("nft", "-f", "-", lines=_NFTABLES)
    except (FileNotFoundError, RuntimeError) as error:
        try:
            for iptables in ("iptables", "ip6tables"):
                namespace.command(iptables, "-w", *_IPTABLES.split())
        except (FileNotFoundError, RuntimeError) as second:
            raise RuntimeError(f"{error}; {second}") from second


def _queue() -> list[int]:
    """The enforcer's queue in the namespace of this thread, in the order of the kernel's `seq_show`: number, port,
    packets that wait, copy mode and range, packets dropped by the kernel and on the way, packets so far, and 1."""
    lines = Path("/proc/thread-self/net/netfilter/nfnetlink_queue").read_text().splitlines()
    return next((list(map(int, line.split())) for line in lines if int(line.split()[0]) == QUEUE), [])


def _waiting() -> int:
    return _queue()[2]


def _objects(policies: Sequence[Mapping[str, Any]], flows: Sequence[Flow]) -> dict[str, Any]:
    pods = {host.ip: host for flow in flows for host in (flow.source, flow.destination) if host.is_pod}
    namespaces = {pod.namespace: pod.labels_of_namespace for pod in pods.values()}
    return {
        "namespaces": [{"metadata": {"name": name, "labels": labels}} for name, labels in namespaces.items()],
        "pods": [
            {
                "metadata": {"name": f"pod-{number}", "namespace": pod.namespace, "labels": dict(pod.labels)},
                "status": {"phase": "Running", "podIPs": [{"ip": pod.ip}]},
            }
            for number, pod in enumerate(pods.values())
        ],
        "policies": list(policies),
    }


def _prefix(ip: str) -> str:
    return f"{ip}/{ip_address(ip).max_prefixlen}"
