"""Accounts, zones and the calling token."""

from typing import Any

import pytest
from cloudflare import PermissionDeniedError

from tests.support.emulator import ACCOUNT, OTHER_ZONE, ZONE, Emulator


def test_the_account_and_its_zones_are_found(sdk: Any) -> None:
    verified = sdk.user.tokens.verify()
    assert verified
    assert verified.status == "active"
    assert [account.id for account in sdk.accounts.list(name="Home")] == [ACCOUNT]
    account = sdk.accounts.get(account_id=ACCOUNT)
    assert account
    assert account.name == "Home"
    assert [zone.id for zone in sdk.zones.list(account={"id": ACCOUNT, "name": "Home"})] == [ZONE, OTHER_ZONE]
    assert [zone.id for zone in sdk.zones.list(name="contains:example.c")] == [ZONE]
    assert list(sdk.zones.list(account={"name": "Office"})) == []
    zone = sdk.zones.get(zone_id=ZONE)
    assert zone
    assert (zone.name, zone.account.id) == ("example.com", ACCOUNT)


def test_the_sandboxs_own_token_reads_its_account(emulator: Emulator, sdk: Any) -> None:
    own = sdk.with_options(api_token=emulator.create_token(None))
    assert [account.id for account in own.accounts.list()] == [ACCOUNT]
    assert own.accounts.get(account_id=ACCOUNT)


def test_a_token_without_permissions_on_accounts_sees_none(emulator: Emulator, sdk: Any) -> None:
    limited = sdk.with_options(api_token=emulator.create_token(["DNS: Edit", "Cloudflare Tunnel: Edit"]))
    assert list(limited.accounts.list()) == []
    with pytest.raises(PermissionDeniedError, match="Account Settings: Read"):
        limited.accounts.get(account_id=ACCOUNT)
