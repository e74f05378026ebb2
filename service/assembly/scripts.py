"""Joins what writes scripts, and what answers in calls."""

from service.accounts.prepaid import VideoTime
from service.assembly.background import Ambient
from service.assembly.stores import Kept
from service.engines.apertium import Apertium
from service.engines.chat import ChatEndpoint
from service.quotes.screening import open_screen
from service.settings import Settings
from service.studio.answering import Answering
from service.studio.answers import Answers
from service.studio.charging import Charging
from service.studio.scripts import Scripts


def make_scripts(settings: Settings, kept: Kept, ambient: Ambient, video_time: VideoTime) -> Scripts:
    """Join it: an endpoint where one is set, and Apertium where it is installed."""
    return Scripts(
        terms=settings.scripts,
        answers=Answers(charging=Charging(kept.accounts, video_time), store=kept.answers, now=ambient.now),
        now=ambient.now,
        chat=_chat(settings, ambient),
        dictionary=Apertium(settings.translation),
        screen=open_screen(settings.judge, ambient.client),
    )


def make_answering(settings: Settings, kept: Kept, ambient: Ambient, video_time: VideoTime) -> Answering:
    """Make what answers in calls."""
    return Answering(
        terms=settings.scripts,
        charging=Charging(kept.accounts, video_time),
        chat=_chat(settings, ambient),
        screen=open_screen(settings.judge, ambient.client),
    )


def _chat(settings: Settings, ambient: Ambient) -> ChatEndpoint | None:
    return ChatEndpoint(ambient.client, settings.chat) if settings.chat.chat_url else None
