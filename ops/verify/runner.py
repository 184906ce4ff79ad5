"""All checks, in their order."""

from dataclasses import dataclass

from ops.verify import debug_container
from ops.verify.checks import public, public_response
from ops.verify.checks.cloudflare import AtCloudflare
from ops.verify.checks.cluster import InCluster
from ops.verify.expected_stack import Declared
from ops.verify.result import Finding


@dataclass
class Survey:
    """One round of questions. `look_inside` runs a container in a pod, `offline` leaves the visitor's part out."""

    declared: Declared
    image: str = debug_container.IMAGE
    lan: tuple[str, ...] = ()
    look_inside: bool = True
    offline: bool = False

    def run(self) -> list[Finding]:
        """Everything; what cannot be asked is among the findings."""
        cloudflare = AtCloudflare(self.declared)
        found = cloudflare.findings()
        found += InCluster(self.declared, cloudflare.version, self.image, self.lan, self.look_inside).findings()
        if self.offline:
            return [*found, public_response.ANSWER.skipped(self.declared.name, "switched off with --offline")]
        return [*found, *public.findings(self.declared)]
