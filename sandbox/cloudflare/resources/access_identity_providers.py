"""Identity providers of the login page. They are stored and shown; the login page here asks none of them.

The message of a refusal is a guess.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from sandbox.cloudflare import crud
from sandbox.cloudflare.crud import Body
from sandbox.cloudflare.request_body import Text
from sandbox.cloudflare.resources.access_organizations import PERMISSION
from sandbox.cloudflare.resources.access_policies import INVALID
from sandbox.cloudflare.responses import Guessed
from sandbox.cloudflare.store import Store

CONCEALED = "*" * 34
"""In place of a client secret in replies (terraform-provider-cloudflare, `CONCEALED_STRING`)."""


class IdentityProvider(BaseModel):
    model_config = ConfigDict(strict=True, extra="allow")
    name: Text
    type: (
        Literal["onetimepin", "azureAD", "saml", "centrify", "facebook", "github", "google-apps", "google", "linkedin"]
        | Literal["oidc", "okta", "onelogin", "pingone", "yandex"]
    )
    config: Body
    scim_config: Body | None = None


class IdentityProviders(crud.Resource):
    kind = "identity_providers"
    path = "/accounts/{account}/access/identity_providers"
    permission = PERMISSION
    model = IdentityProvider
    missing = (Guessed(12001), "access.api.error.identity_provider_not_found")
    malformed = INVALID
    defaults = {"scim_config": {"enabled": False, "user_deprovision": False, "seat_deprovision": False}}

    def build(self, fields: Body, old: Body | None, stamp: Body) -> Body:
        """Of a client secret only its presence is stored."""
        built = super().build(fields, old, stamp)
        config = {key: CONCEALED if key == "client_secret" else value for key, value in built["config"].items()}
        return {**built, "config": config}

    def listed(self, store: Store, scope: str, query: crud.Query) -> list[Body]:
        found = super().listed(store, scope, query)
        wanted = query.get("scim_enabled", "").lower()
        return [each for each in found if not wanted or each["scim_config"].get("enabled") is (wanted == "true")]


router = crud.router(IdentityProviders())
