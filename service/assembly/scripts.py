"""Joins what writes scripts."""

from service.accounts.prepaid import VideoTime
from service.assembly.background import Ambient
from service.assembly.stores import Kept
from service.engines.apertium import Apertium
from service.engines.chat import ChatEndpoint
from service.quotes.screening import open_screen
from service.settings import Settings
from service.studio.charging import Charging
from service.studio.scripts import Scripts


def make_scripts(settings: Settings, kept: Kept, ambient: Ambient, video_time: VideoTime) -> Scripts:
    """Join it: an endpoint where one is set, and Apertium where it is installed."""
    chat = ChatEndpoint(ambient.client, settings.chat) if settings.chat.chat_url else None
    return Scripts(
        terms=settings.scripts,
        charging=Charging(kept.accounts, video_time),
        chat=chat,
        dictionary=Apertium(settings.translation),
        screen=open_screen(settings.judge, ambient.client),
    )
