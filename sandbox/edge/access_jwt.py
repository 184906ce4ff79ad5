"""Access JWTs: signed by this sandbox, sent to visitors who log in, verified by connectors."""

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


class AccessJwtIssuer:
    """Signs and verifies Access JWTs with this sandbox's own key, `edge/access.key` (mode 0600) in its folder.

    Their claims are those of an application token:
    https://developers.cloudflare.com/cloudflare-one/access-controls/applications/http-apps/authorization-cookie/application-token/
    """

    def __init__(self, home: SandboxDirectory) -> None:
        path = home.path / "edge" / "access.key"
        if not path.exists():
            new_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
            pem = new_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            home.write_secret("edge/access.key", pem.decode())
        key = load_pem_private_key(path.read_bytes(), None)
        assert isinstance(key, rsa.RSAPrivateKey)
        self._key = key
        public_key = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
        self._key_id = sha256(public_key["n"].encode()).hexdigest()
        jwks = {"keys": [{**public_key, "kid": self._key_id, "alg": _ALGORITHM, "use": "sig"}]}
        self.jwks = json.dumps(jwks).encode()
        """The JSON Web Key Set that a team's site serves at `/cdn-cgi/access/certs`."""

    def sign(self, team: str, audience: str, seconds: int, **claims: Any) -> str:
        """A JWT for the application with this audience tag, valid for `seconds` from now."""
        now = int(time.time())
        standard = {"aud": [audience], "iss": issuer(team), "iat": now, "nbf": now, "exp": now + seconds, "type": "app"}
        return jwt.encode({**standard, **claims}, self._key, _ALGORITHM, headers={"kid": self._key_id})

    def verify(self, token: str, team: str, audience: str) -> dict[str, Any] | None:
        """The claims of a JWT; None where its signature, issuer or audience is wrong, or where it has expired."""
        with contextlib.suppress(jwt.InvalidTokenError):
            return jwt.decode(token, self._key.public_key(), [_ALGORITHM], audience=audience, issuer=issuer(team))
        return None


def issuer(team: str) -> str:
    return f"https://{team_site(team)}"


def team_site(team: str) -> str:
    """The hostname of a team's own site."""
    return f"{team}.cloudflareaccess.com"
