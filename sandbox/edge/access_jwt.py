"""Signed tickets: what Access hands to a visitor who may pass, and connectors check."""

import contextlib
import json
import time
from hashlib import sha256
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from jwt.algorithms import RSAAlgorithm

from sandbox.directory import SandboxDirectory

_ALGORITHM = "RS256"


class Tickets:
    """JSON Web Tokens signed with this sandbox's own key, kept as `edge/access.key` (mode 0600) in its folder.

    In shape as in https://developers.cloudflare.com/cloudflare-one/access-controls/applications/http-apps/authorization-cookie/application-token/.
    """

    def __init__(self, home: SandboxDirectory) -> None:
        path = home.path / "edge" / "access.key"
        if not path.exists():
            made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
            pem = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            home.write_secret("edge/access.key", pem.decode())
        key = load_pem_private_key(path.read_bytes(), None)
        assert isinstance(key, rsa.RSAPrivateKey)
        self._key = key
        public = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
        self._name = sha256(public["n"].encode()).hexdigest()
        self.keys = json.dumps({"keys": [{**public, "kid": self._name, "alg": _ALGORITHM, "use": "sig"}]}).encode()
        """What a team's site serves at `/cdn-cgi/access/certs`: a JSON Web Key Set."""

    def sign(self, team: str, audience: str, seconds: int, **claims: Any) -> str:
        now = int(time.time())
        content = {"aud": [audience], "iss": issuer(team), "iat": now, "nbf": now, "exp": now + seconds, "type": "app"}
        return jwt.encode({**content, **claims}, self._key, _ALGORITHM, headers={"kid": self._name})

    def read(self, ticket: str, team: str, audience: str) -> dict[str, Any] | None:
        """What a ticket says; None where it is none of ours, for something else, or has run out."""
        with contextlib.suppress(jwt.InvalidTokenError):
            return jwt.decode(ticket, self._key.public_key(), [_ALGORITHM], audience=audience, issuer=issuer(team))
        return None


def issuer(team: str) -> str:
    return f"https://{team}.cloudflareaccess.com"
