"""JSON Web Tokens (RFC 7519) of somebody else's users, judged by keys in a file (RFC 7517): nothing is fetched."""

from pathlib import Path

import jwt
import structlog

from service.runtime.section import Section

ALGORITHMS = ("RS256", "RS384", "RS512", "ES256", "ES384", "EdDSA")
"""Public keys alone: with a shared secret whoever reads the file could make tokens."""

log = structlog.get_logger()


class WebTokenTerms(Section, frozen=True, kw_only=True):
    """Whose tokens are taken."""

    jwt_jwks_file: str = ""
    """File with the public keys of whoever issues JSON Web Tokens, as a JWKS; read again when it changes. Without it
    none are taken. The `sub` of a token is the name of the account."""

    jwt_issuer: str = ""
    """Their `iss`, exactly."""

    jwt_audience: str = ""
    """Their `aud`: what the tokens are for."""

    def __post_init__(self) -> None:
        """Refuse what would trust anybody's tokens."""
        if self.jwt_jwks_file and not (self.jwt_issuer and self.jwt_audience):
            raise ValueError("SATSPEAK_JWT_JWKS_FILE needs SATSPEAK_JWT_ISSUER and SATSPEAK_JWT_AUDIENCE")


class WebTokens:
    """Judges tokens of one issuer.

    Args:
        terms: Whose.
    """

    def __init__(self, terms: WebTokenTerms) -> None:
        self._terms = terms
        self._changed_at = -1
        self._keys: dict[str | None, jwt.PyJWK] = {}

    def subject(self, token: str) -> str | None:
        """Return whom a token is of; None where it is none, has run out, or is not of this issuer and audience."""
        if token.count(".") != 2:  # noqa: PLR2004 - header, claims and signature
            return None
        try:
            header = jwt.get_unverified_header(token)
            key = self._key(header.get("kid"))
            if key is None:
                return None
            claims = jwt.decode(
                token,
                key,
                algorithms=[*ALGORITHMS],
                audience=self._terms.jwt_audience,
                issuer=self._terms.jwt_issuer,
                options={"require": ["exp", "iat", "sub", "aud", "iss"]},
            )
        except jwt.PyJWTError as error:
            log.info("web_token_refused", error=type(error).__name__)
            return None
        subject = claims["sub"]
        return subject if isinstance(subject, str) and subject else None

    def _key(self, name: str | None) -> jwt.PyJWK | None:
        file = Path(self._terms.jwt_jwks_file)
        try:
            changed_at = file.stat().st_mtime_ns
            if changed_at != self._changed_at:
                keys = jwt.PyJWKSet.from_json(file.read_text()).keys
                self._keys = {key.key_id: key for key in keys}
                self._changed_at = changed_at
        except (OSError, ValueError, jwt.PyJWTError):
            log.exception("web_token_keys_unread")  # those that were read go on
        return self._keys.get(name)
