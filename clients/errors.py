"""Errors of the clients.

    CheckUnavailable         a question that could not be answered: why, and what to do about it
    ├── ApiUnreachable       no answer at all: no credentials, no network, or an answer that is not the API's
    ├── CloudflareApiError   Cloudflare's API answered with an error
    └── KubernetesApiError   the Kubernetes API server answered with an error

None of them carries a credential.
"""


class CheckUnavailable(Exception):
    """Something could not be read. `reason` says why; `remedy`, where it is not empty, what to do about it."""

    def __init__(self, reason: str, remedy: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.remedy = remedy


class ApiUnreachable(CheckUnavailable):
    """The API gave no answer to judge by."""


class CloudflareApiError(CheckUnavailable):
    """Cloudflare's API refused a call; `status` is the HTTP status, and the reason has the API's codes and messages."""

    def __init__(self, status: int, reason: str, remedy: str = "") -> None:
        super().__init__(reason, remedy)
        self.status = status


class KubernetesApiError(CheckUnavailable):
    """The Kubernetes API server refused a call; `status` is the HTTP status."""

    def __init__(self, status: int, reason: str, remedy: str = "") -> None:
        super().__init__(reason, remedy)
        self.status = status
