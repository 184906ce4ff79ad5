"""The network policies of the cluster, asked for each connection of a connector's pod."""

import asyncio
from dataclasses import dataclass, replace

from sandbox.kubelet.cluster_api import Object
from sandbox.kubelet.recent import Recent, RecentObjects
from sandbox.kubelet.services import Backend
from traffic.flow import Flow, Host, host_of_pod, port_names
from traffic.identities import API_SERVER_LABELS, API_SERVER_SLICES, NODES, reserved_identities
from traffic.judge import Verdict, judge
from traffic.kinds import CLUSTER_KINDS, KINDS


@dataclass(frozen=True)
class Client:
    """The pod that opens a connection."""

    namespace: str
    pod: str


class NetworkPolicies:
    """Verdicts by the policies that the API server has at that moment: all of both pods' namespaces, and those of
    the whole cluster."""

    def __init__(self, objects: RecentObjects) -> None:
        self._objects = objects
        self._verdicts = Recent()

    async def verdict(self, client: Client, backend: Backend, names: tuple[str, ...] = ()) -> Verdict:
        """Whether the policies allow a TCP connection; `names` are DNS names of a backend outside the cluster.

        A client that is not a pod of the cluster counts as an address outside it.
        """
        key = (client, backend.address, backend.target, names)
        return await self._verdicts.get(key, lambda: self._judge(client, backend, names))

    async def _judge(self, client: Client, backend: Backend, names: tuple[str, ...]) -> Verdict:
        pod = await self._objects.pod(client.namespace, client.pod)
        source = await self._host(pod, _address(pod, backend.address)) if pod else Host("127.0.0.1")
        if backend.pod:
            destination = await self._host(backend.pod, backend.address)
            opened = port_names(backend.pod, backend.target)
        else:
            destination, opened = Host(backend.address, names=names), ()
        if not destination.is_pod:
            node = pod["spec"].get("nodeName", "") if pod else ""
            destination = replace(destination, reserved=await self._identities(backend.address, node))
        namespaces = {host.namespace for host in (source, destination) if host.is_pod}
        listed = await asyncio.gather(
            *(
                self._policies(kind.path(namespace), kind.api_version, kind.name)
                for kind in KINDS
                for namespace in namespaces
            ),
            *(self._policies(kind.path(), kind.api_version, kind.name) for kind in CLUSTER_KINDS),
        )
        policies = [policy for found in listed for policy in found]
        return judge(Flow(source, destination, backend.target, port_names=opened), policies)

    async def _host(self, pod: Object, address: str) -> Host:
        return host_of_pod(pod, await self._objects.get(f"/api/v1/namespaces/{pod['metadata']['namespace']}"), address)

    async def _policies(self, path: str, api_version: str, kind: str) -> list[Object]:
        # The items of a list have neither.
        return [{**policy, "apiVersion": api_version, "kind": kind} for policy in await self._objects.items(path)]

    async def _identities(self, address: str, client_node: str) -> tuple[str, ...]:
        labels = ",".join(f"{key}={value}" for key, value in API_SERVER_LABELS.items())
        nodes = await self._objects.items(NODES)
        slices = await self._objects.items(API_SERVER_SLICES, labelSelector=labels)
        return reserved_identities(address, nodes, slices, client_node)


def _address(pod: Object, destination: str) -> str:
    """The pod's address of the destination's family, if it has one."""
    addresses = [one["ip"] for one in pod.get("status", {}).get("podIPs") or []]
    return next((ip for ip in addresses if (":" in ip) == (":" in destination)), "")
