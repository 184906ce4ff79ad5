"""Checks of the public hostnames, by requests as a visitor sends them."""

from clients.cloudflare import CloudflareApi
from clients.errors import CheckUnavailable
from clients.reply_shape import documented_shape
from ops.emulator import is_loopback
from ops.expected_stack import ExpectedStack
from ops.verify.checks import public_response
from ops.verify.http_probe import HttpProbe
from ops.verify.public_urls import public_urls
from ops.verify.result import CheckResult, attempt


def run(stack: ExpectedStack, emulated: bool | None = None) -> list[CheckResult]:
    """The results of a request to each public URL.

    `emulated` says whether the API is an emulator, whose hostnames are not on the internet; None is for one whose
    address tells.
    """
    try:
        probe, api = HttpProbe(), CloudflareApi()
        if not probe.front and (is_loopback(api.base_url) if emulated is None else emulated):
            reason = "the API is an emulator: its hostnames are not on the internet"
            return [public_response.ANSWER.skipped(stack.name, reason)]
        with documented_shape():
            urls = public_urls(stack.settings, api.access_applications(stack.settings.account_id))
    except CheckUnavailable as error:
        return [public_response.ANSWER.unavailable(stack.name, error)]
    return [
        result
        for one in urls
        for result in attempt(
            public_response.ANSWER, one.url, lambda one=one: public_response.judge(one, probe.get(one.url))
        )
    ]
