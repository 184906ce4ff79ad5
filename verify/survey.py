"""All checks, in their order."""

from dataclasses import dataclass

from verify import debug, from_outside, internet
from verify.at_cloudflare import AtCloudflare
from verify.declared import Declared
from verify.finding import Finding
from verify.in_cluster import InCluster


@dataclass
class Survey:
    """One round of questions. `look_inside` runs a container in a pod, `offline` leaves the visitor's part out."""

    declared: Declared
    image: str = debug.IMAGE
    lan: tuple[str, ...] = ()
    look_inside: bool = True
    offline: bool = False

    def run(self) -> list[Finding]:
        """Everything; what cannot be asked is among the findings."""
        cloudflare = AtCloudflare(self.declared)
        found = cloudflare.findings()
        found += InCluster(self.declared, cloudflare.version, self.image, self.lan, self.look_inside).findings()
        if self.offline:
            return [*found, internet.ANSWER.skipped(self.declared.name, "switched off with --offline")]
        return [*found, *from_outside.findings(self.declared)]
