"""Check of the other stack files beside the stack's: none of them makes a record for the same hostname."""

from ops.expected_stack import ExpectedStack
from ops.shared_hostnames import records, shared_hostnames
from ops.verify.result import Check, CheckResult

HOSTNAMES = Check("file", "hostnames")


def run(stack: ExpectedStack) -> list[CheckResult]:
    shared = shared_hostnames(stack.file, stack.settings)
    if not shared:
        count = len(records(stack.settings))
        return [HOSTNAMES.passed(stack.file.name, f"hostnames: {count}, none of them in another stack file")]
    return [
        HOSTNAMES.failed(
            each.hostname,
            f"also in {each.file}",
            impact="the stack that is brought up second is refused before it makes anything",
            cause="a hostname has one DNS record, which leads to the tunnel of one stack",
            remedy="another hostname; where it is meant, dns: none in the stack that makes no record, or adopt with "
            "the record's id to take it over",
        )
        for each in shared
    ]
