"""What verify can find: the one source of impacts, causes and remedies, in its reports and on the troubleshooting
page."""

from ops.verify.faults import cloudflare, cluster, network, public
from ops.verify.faults.fault import Fault

LAYERS: dict[str, tuple[Fault, ...]] = {
    "Cloudflare": cloudflare.FAULTS,
    "Deployment and pods": cluster.FAULTS,
    "Network policy and Services": network.FAULTS,
    "Public hostnames": public.FAULTS,
}
"""The faults by what shows them, in the order in which a reader looks for them."""
FAULTS: dict[str, Fault] = {fault.name: fault for faults in LAYERS.values() for fault in faults}
