"""What requests and answers of several surfaces have in common."""

from typing import Annotated

import msgspec
from msgspec import Meta

from service.catalogue.built_in import LANGUAGES
from service.orders.choice import Choice
from service.orders.stage import Stage

AvatarName = Annotated[
    str,
    Meta(examples=["european_woman"], description="Who speaks; GET /avatars lists them."),
]
Emotion = Annotated[
    str, Meta(examples=["happy"], description="How it looks; GET /avatars lists what there is.")
]
Language = Annotated[
    str,
    Meta(
        examples=["en"],
        extra_json_schema={"enum": list(LANGUAGES)},
        description="What the text is spoken in; detected where nobody names it.",
    ),
]
VoiceName = Annotated[
    str, Meta(description="A voice of the worker; chosen to fit the avatar where nobody names it.")
]

WebhookUrl = Annotated[
    str,
    Meta(
        examples=["https://app.example.org/hooks/video"],
        description="An https:// URL that is told what becomes of payment and video, signed as Standard Webhooks says"
        " with the `webhook_secret` of the answer.",
    ),
]
StageWish = Annotated[
    Stage | None,
    Meta(
        description="The size of the picture, where the person stands in it and on what, captions in the picture, and"
        " the pace of the voice. A form sends it as JSON. Null is 512×512 before the footage's backdrop."
    ),
]


class Base(msgspec.Struct, frozen=True, kw_only=True):
    """An answer."""


class Request(Base, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request. Refuses fields that it does not know: a misspelt `avatar` would silently lose the buyer's choice."""

    avatar: AvatarName | None = None
    emotion: Emotion | None = None
    language: Language | None = None
    voice: VoiceName | None = None

    @property
    def choice(self) -> Choice:
        """What the buyer chose; fields that are left empty choose nothing."""
        return Choice(
            avatar=self.avatar or None,
            emotion=self.emotion or None,
            language=self.language or None,
            voice=self.voice or None,
        )
