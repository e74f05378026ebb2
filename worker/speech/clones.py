"""Voices of accounts: somebody's recording, which was lent, and a template of the operator's that speaks like it.

A voice is bound to the template that it was made with. Where that is not, or the recording is not, nobody else speaks:
whoever asked can lend it again, or ask another worker.
"""

import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence

import msgspec
import numpy as np

from worker.speech.errors import BadVoicePack, VoiceMissing
from worker.speech.port import SAMPLE_RATE, Engine, Gender, OwnVoice, Voice
from worker.speech.reference import LEAST_S, MOST_S, Reference

NAME = re.compile(r"own_[0-9a-f]{24}")
"""No voice of the worker's own is called so."""

MAX_PACK_BYTES = 4 << 20
"""Half a minute is under 1.5 MB."""

_MOST_READY = 16


class Template(msgspec.Struct, frozen=True, kw_only=True):
    """What speaks like any recording.

    Attributes:
        name: that voices are bound to.
        languages: that it speaks.
        engine: what makes the sound.
        like: makes an engine that speaks like a recording.
    """

    name: str
    languages: tuple[str, ...]
    engine: str
    like: Callable[[Reference], Engine]


class VoicePack(msgspec.Struct, frozen=True, kw_only=True):
    """A voice of an account, as a service keeps and lends it: msgpack, whose fields may become more.

    Attributes:
        template: that it was made with.
        words: what is said in the recording.
        pcm: the recording, s16le mono at `SAMPLE_RATE`.
    """

    template: str
    language: str
    gender: Gender
    words: str
    pcm: bytes

    @property
    def reference(self) -> Reference:
        """The recording as engines take it; by the scale that it is written with again, to send just what was lent."""
        samples = np.frombuffer(self.pcm, "<i2").astype(np.float32) / np.float32(32767)
        return Reference(samples=samples, words=self.words)


def read_voice_pack(content: bytes) -> VoicePack:
    """Read what was lent.

    Raises:
        BadVoicePack: it is none.
    """
    try:
        pack = msgspec.msgpack.decode(content, type=VoicePack)
    except msgspec.MsgspecError as error:
        raise BadVoicePack(f"It is no voice: {error}") from error
    seconds = len(pack.pcm) / 2 / SAMPLE_RATE
    if len(pack.pcm) % 2 or not LEAST_S <= seconds <= MOST_S:
        raise BadVoicePack(f"Its recording has {LEAST_S} to {MOST_S} s of s16le, and not {seconds:.1f} s.")
    return pack


def template_of(templates: Sequence[Template], pack: VoicePack) -> Template | None:
    """Return which of some speaks a voice; None where none does."""
    fitting = (each for each in templates if each.name == pack.template and pack.language in each.languages)
    return next(fitting, None)


class Clones:
    """The voices of accounts that can speak here. A class since those that do are kept ready.

    Safe to use from several threads.

    Args:
        templates: the operator's.
        find: reads what was lent by this name; None where it was not, or not for long enough.
    """

    def __init__(
        self, templates: Sequence[Template] = (), find: Callable[[str], VoicePack | None] = lambda _name: None
    ) -> None:
        self.templates = templates
        self._find = find
        self._ready: OrderedDict[str, OwnVoice] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def languages(self) -> list[str]:
        """What is spoken like any recording."""
        return sorted({language for template in self.templates for language in template.languages})

    def get(self, name: str) -> OwnVoice:
        """Return a voice that was lent.

        Raises:
            VoiceMissing: it was not lent, or its template is not here.
        """
        pack = self._find(name)  # also of one that is ready: what was taken back is spoken no more
        template = None if pack is None else template_of(self.templates, pack)
        if pack is None or template is None:
            with self._lock:
                self._ready.pop(name, None)
            raise VoiceMissing(name)
        with self._lock:
            if name not in self._ready:
                voice = Voice(name=name, language=pack.language, gender=pack.gender, engine=template.engine)
                # Words in another script are its own to say: no other voice takes part.
                own = OwnVoice(voice=voice, engine=template.like(pack.reference), multilingual=True)
                self._ready[name] = own
            self._ready.move_to_end(name)
            while len(self._ready) > _MOST_READY:
                self._ready.popitem(last=False)
            return self._ready[name]
