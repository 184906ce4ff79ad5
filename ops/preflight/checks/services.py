"""Check of the Services that routes name, read as the program reads them."""

from clients.kubernetes import KubernetesApi
from components.exposure.cluster_services import read_service
from ops.expected_stack import ExpectedStack
from ops.verify.checks.services import reading
from ops.verify.result import Check, CheckResult, attempt

SERVICE = Check("cluster", "service")


def run(api: KubernetesApi, stack: ExpectedStack) -> list[CheckResult]:
    """One result for each Service that the network policy depends on."""
    results: list[CheckResult] = []
    for key, (namespace, name) in stack.settings.services_to_read(stack.namespace).items():
        results += attempt(SERVICE, key, lambda where=(namespace, name), key=key: [_judge(api, stack, key, *where)])
    return results or [SERVICE.skipped(stack.name, "no route names a Service that needs to be read")]


def _judge(api: KubernetesApi, stack: ExpectedStack, key: str, namespace: str, name: str) -> CheckResult:
    judged = reading(SERVICE, stack, key, read_service(api, namespace, name))
    return judged if isinstance(judged, CheckResult) else SERVICE.passed(key, f"leads to {judged.leads_to}")
