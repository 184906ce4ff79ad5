"""One run of all checks, layer by layer."""

from dataclasses import dataclass

from ops.expected_stack import ExpectedStack
from ops.verify import debug_container
from ops.verify.causes import explained
from ops.verify.checks import public, public_response
from ops.verify.checks.cloudflare import CloudflareChecks
from ops.verify.checks.cluster import ClusterChecks
from ops.verify.faults.cloudflare import TUNNEL_MISSING
from ops.verify.probe_targets import Target
from ops.verify.result import Check, CheckResult, Status

DEPLOYED = Check("state", "deployed")


@dataclass
class Runner:
    """`probe_pod` adds a debug container to a connector's pod; `offline` skips the requests to public hostnames;
    `emulated` says whether the API is an emulator, where its address does not tell: a proxy may be in between."""

    stack: ExpectedStack
    image: str = debug_container.IMAGE
    lan: tuple[Target, ...] = ()
    """Addresses that the connector must not reach."""
    probe_pod: bool = True
    offline: bool = False
    emulated: bool | None = None

    def run(self) -> list[CheckResult]:
        """All results. A check that cannot run is among them, as unknown."""
        results = explained(self._results(), self.stack.named)
        if self.stack.deployed is False and any(one.fault == TUNNEL_MISSING.name for one in results):
            observed = f"the stack has not been brought up yet: pulumi up --stack {self.stack.stack}"
            unknown = [one for one in results if one.status is Status.UNKNOWN]
            return [DEPLOYED.skipped(self.stack.stack, observed), *unknown]
        return results

    def _results(self) -> list[CheckResult]:
        cloudflare = CloudflareChecks(self.stack)
        results = cloudflare.run()
        results += ClusterChecks(self.stack, cloudflare.version, self.image, self.lan, self.probe_pod).run()
        if self.offline:
            return [*results, public_response.ANSWER.skipped(self.stack.name, "switched off with --offline")]
        return [*results, *public.run(self.stack, self.emulated)]
