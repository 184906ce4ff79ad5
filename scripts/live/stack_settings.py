"""The settings of a run's stack, in the versions that the steps need."""

from dataclasses import dataclass, replace
from typing import Any

from ops.project import project_name
from scripts.live.target import LiveError, Target
from settings import SettingIssue, Settings, SettingsError, base_name

FIRST, CHANGED, ROTATED = range(3)
"""The versions. Each has what the one before has, and a change."""
_VARIABLES = {"culvert:accessTeam": "CULVERT_LIVE_TEAM", "culvert:notify.email[0]": "CULVERT_LIVE_EMAIL"}
"""The variable that a setting has its value from."""


@dataclass(frozen=True)
class StackSettings:
    """`team` and `email` are empty where the stack is without Access and notifications."""

    target: Target
    zone_id: str
    team: str
    email: str

    @property
    def namespace(self) -> str:
        return base_name(project_name(), self.target.stack)

    def require_valid(self) -> None:
        """Raises LiveError with each issue."""
        try:
            Settings.parse(self.of(ROTATED))
        except SettingsError as error:
            raise LiveError("\n".join(_message(issue) for issue in error.issues)) from None

    def of(self, version: int) -> dict[str, Any]:
        """The stack file's keys in this version of it, without their prefix."""
        target = self.target
        labels = {"app.kubernetes.io/name": "blog"}
        backend = {"service": "blog", "port": 80, "targetPort": 8080, "podSelector": labels}
        site: dict[str, Any] = {"hostname": target.hostname, "backend": backend}
        if version >= CHANGED:
            site["origin"] = {"connectTimeout": 10}
        other = "renamed" if version >= CHANGED else "status"
        routes = [site, {"hostname": f"{other}-{target.hostname}", "service": "http_status:204"}]
        more: dict[str, Any] = {}
        if self.team:
            routes[1] = {**routes[1], "access": {"serviceTokens": ["ci"]}}
            more["accessTeam"] = self.team
        if self.email:
            more["notify"] = {"email": [self.email], "when": ["down"]}
        return {
            "accountId": target.account,
            "zones": {target.zone: self.zone_id},
            "namespace": self.namespace,
            "sampleSite": True,
            "routes": routes,
            **({"token": {"epoch": 1}} if version >= ROTATED else {}),
            **more,
        }


def _message(issue: SettingIssue) -> str:
    """The issue's message; the key is the variable that has the value, where there is one."""
    return replace(issue, key=_VARIABLES.get(issue.key, issue.key)).message
