"""What other sites may do with this one, and whom its visitors may write to."""

from urllib.parse import urlsplit

from service.runtime.section import Section

ANY = "*"


class WebTerms(Section, frozen=True, kw_only=True):
    """What other sites may do with this one, and whom its visitors may write to."""

    cors_origins: str = ANY
    """Origins whose pages may call the API from a browser, with commas between, such as `https://shop.example`; `*` is
    any. No cookie goes with such a call, so any is safe. `none` is no other."""

    security_contact: str = ""
    """Whom to tell of a weakness: a `mailto:`, `https:` or `tel:` URI for /.well-known/security.txt, which is not there
    without it."""

    def __post_init__(self) -> None:
        """Refuse what is no origin or no contact."""
        for origin in self.origins:
            parts = urlsplit(origin)
            if origin != ANY and (parts.scheme not in ("http", "https") or origin != _origin(origin)):
                raise ValueError(
                    f"SATSPEAK_CORS_ORIGINS: '{origin}' is no origin such as https://shop.example"
                )
        if self.security_contact and not self.security_contact.startswith(("mailto:", "https:", "tel:")):
            raise ValueError("SATSPEAK_SECURITY_CONTACT must start with mailto:, https: or tel:")

    @property
    def origins(self) -> list[str]:
        """Whose pages may call; empty is nobody's."""
        named = [origin.strip() for origin in self.cors_origins.split(",") if origin.strip()]
        return [] if named == ["none"] else named


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
