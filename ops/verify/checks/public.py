"""Everything that is asked as a visitor."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from clients.cloudflare import Cloudflare
from ops.verify.checks import public_response
from ops.verify.expected_stack import Declared
from ops.verify.http_probe import Visitor
from ops.verify.public_urls import addresses
from ops.verify.result import Finding, Unread


def findings(declared: Declared) -> list[Finding]:
    """What a visitor of each address gets."""
    name = declared.name
    try:
        visitor = Visitor()
        cloudflare = Cloudflare()
        if not visitor.front and on_this_machine(cloudflare.base_url):
            return [
                public_response.ANSWER.skipped(name, "the API is an emulated one: nothing of it is on the internet")
            ]
        applications = cloudflare.access_applications(declared.settings.account_id)
    except Unread as why:
        return [public_response.ANSWER.unread(name, why)]
    wanted = addresses(declared.settings, applications)
    return [finding for each in wanted for finding in public_response.judge(each, visitor.visit(each.url))]


def on_this_machine(url: str) -> bool:
    """Whether a URL leads to this machine itself, as the sandbox's do."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
