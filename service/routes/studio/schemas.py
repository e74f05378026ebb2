"""What is said of a library."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from service.routes.http.shapes import Base
from service.studio.media import Medium

Uploaded = Literal["picture", "speech", "film"]
"""What may come from outside."""


class MediumAnswer(Base, frozen=True, kw_only=True):
    """A file in a library."""

    id: Annotated[str, Meta(description="Names it; its link has it.")]
    url: Annotated[
        str, Meta(description="Whoever has this link has the file: it needs no key, and nobody guesses it.")
    ]
    kind: Annotated[Literal["picture", "speech", "film", "video"], Meta(description="What it is for.")]
    mime_type: Annotated[str, Meta(description="What it is, by its bytes.")]
    size_bytes: int
    sha256: str
    name: Annotated[str | None, Meta(description="What its owner calls it.")]
    created_at: datetime
    expires_at: Annotated[datetime | None, Meta(description="When it is deleted; null: never.")]

    @classmethod
    def of(cls, medium: Medium, url: str) -> "MediumAnswer":
        """Tell of a medium."""
        return cls(
            id=medium.token,
            url=url,
            kind=medium.kind.value,
            mime_type=medium.mime,
            size_bytes=medium.size,
            sha256=medium.digest.hex(),
            name=medium.name,
            created_at=medium.created_at,
            expires_at=medium.expires_at,
        )


class FetchRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file elsewhere that a library is to keep."""

    url: Annotated[
        str,
        Meta(
            description="http:// or https://, of a host on the internet at its usual port. A link of ours is"
            " answered with what it leads to.",
            examples=["https://example.org/face.jpg"],
        ),
    ]
    kind: Annotated[Uploaded | None, Meta(description="What it has to be.")] = None
    name: Annotated[str, Meta(max_length=200)] | None = None
