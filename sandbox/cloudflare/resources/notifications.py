"""Notification policies: which events of the account are reported to whom."""

from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict

from sandbox.cloudflare import crud
from sandbox.cloudflare.crud import Body
from sandbox.cloudflare.request_body import Text
from sandbox.cloudflare.responses import Guessed, success
from sandbox.cloudflare.store import Store


class Notification(BaseModel):
    model_config = ConfigDict(strict=True, extra="allow")
    name: Text
    alert_type: Text
    mechanisms: Body


class Notifications(crud.Resource):
    kind = "notifications"
    path = "/accounts/{account}/alerting/v3/policies"
    permission = "Notifications"
    model = Notification
    missing = (Guessed(17103), "policy not found")
    filters = ("name",)
    defaults = {"enabled": True}
    paged = False

    def merge(self, old: Body, body: Body, method: str) -> Body:  # noqa: ARG002 - a hook
        """The API's reference requires no field of an update. Whether an optional one that is missing stays is not
        documented; here it goes."""
        return {key: old[key] for key in ("name", "alert_type", "mechanisms")} | body

    def build(self, fields: Body, old: Body | None, stamp: Body) -> Body:
        built = super().build(fields, old, stamp)
        return {**built, "created": built["created_at"], "modified": built["updated_at"]}

    def written(self, store: Store, stored: Body) -> Body:  # noqa: ARG002 - the reply is the id alone
        return {"id": stored["id"]}

    def deleted(self, store: Store, stored: Body) -> Response:  # noqa: ARG002 - the reply is empty
        return success(None)


router = crud.router(Notifications())
