"""Everything that is asked as a visitor."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from verify import internet
from verify.addresses import addresses
from verify.cloudflare import Cloudflare
from verify.declared import Declared
from verify.finding import Finding, Unread
from verify.visit import Visitor


def findings(declared: Declared) -> list[Finding]:
    """What a visitor of each address gets."""
    name = declared.name
    try:
        visitor = Visitor()
        cloudflare = Cloudflare()
        if not visitor.front and on_this_machine(cloudflare.base_url):
            return [internet.ANSWER.skipped(name, "the API is an emulated one: nothing of it is on the internet")]
        applications = cloudflare.access_applications(declared.settings.account_id)
    except Unread as why:
        return [internet.ANSWER.unread(name, why)]
    wanted = addresses(declared.settings, applications)
    return [finding for each in wanted for finding in internet.judge(each, visitor.visit(each.url))]


def on_this_machine(url: str) -> bool:
    """Whether a URL leads to this machine itself, as the sandbox's do."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
