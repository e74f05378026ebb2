"""Makes voices of accounts for a service: looks at samples and their words, and has a template speak like them."""

from collections.abc import Sequence
from typing import Annotated

import msgspec
import numpy as np
import soxr
from msgspec import Meta
from numpy.typing import NDArray

from worker.detecting import speech_share
from worker.errors import MalformedRequest, NoTemplate
from worker.samples import SENTENCES
from worker.sound import heard
from worker.speech import SAMPLE_RATE, Clones, Gender, SynthesisFailed, UnfitSamples
from worker.speech.clones import Template, VoicePack
from worker.speech.likeness import RATE, Heard, cosine, listen, measure
from worker.speech.loudness import level_and_trim
from worker.speech.reference import LEAST_S, MOST_S

MOST_SAMPLES = 10

MAX_CLONE_BYTES = 64 << 20
"""Of all samples, as they came."""

_LEAST_VOICED_S = 1.0
_LISTENED_S = 8  # of each sample: more tells little more of a voice, and takes as long again
_LEAST_SHARE = 0.2  # music is below 0.05, and speech with long pauses above 0.3
_BETWEEN_S = 0.3  # of silence between two samples
_MALE_HZ = 165.0  # median pitch below which a voice is taken for a man's
_PACE: dict[
    bool, tuple[float, float]
] = {  # letters in a second, least and most; by whether a letter is a syllable
    False: (2.0, 30.0),
    True: (0.7, 15.0),
}
_SYLLABIC = frozenset({"ja", "ko", "zh"})

Pcm = NDArray[np.int16]


class CloneRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Samples of one speaker.

    Attributes:
        language: that the voice is to speak.
        samples: files, as they came.
        words: what is said in each.
        gender: of the speaker; None: the pitch tells.
        trial: have the template say a sentence, so that what is made can speak.
    """

    language: str
    samples: tuple[bytes, ...]
    words: tuple[Annotated[str, Meta(max_length=1000)], ...]
    gender: Gender | None = None
    trial: bool = False


class Cloned(msgspec.Struct, frozen=True, kw_only=True):
    """A voice.

    Attributes:
        pack: to be lent; see `worker.speech.clones.VoicePack`.
        template: that speaks it.
        seconds: of the samples together.
        pitch_hz: their median.
        similarity: of the spectral envelopes of the samples and of the sentence that was said; None: nothing was.
    """

    pack: bytes
    template: str
    gender: Gender
    seconds: float
    pitch_hz: float
    similarity: float | None


class Cloner:
    """Makes voices; takes some tenths of a second for each second that is listened to.

    Args:
        clones: has the templates.
    """

    def __init__(self, clones: Clones) -> None:
        self._clones = clones

    def make(self, wanted: CloneRequest) -> Cloned:
        """Make a voice of samples.

        Raises:
            MalformedRequest: the request has no samples, too many, or not the words of each.
            NoTemplate: nothing here speaks like a recording in this language.
            UnfitSamples: no voice can be made of them; says which, and why.
            BadSound, TooLong: one cannot be heard.
            SynthesisFailed: the template did not speak.
        """
        if not 0 < len(wanted.samples) <= MOST_SAMPLES or len(wanted.words) != len(wanted.samples):
            raise MalformedRequest(f"A voice is made of 1 to {MOST_SAMPLES} samples, and the words of each.")
        template = next((each for each in self._clones.templates if wanted.language in each.languages), None)
        if template is None:
            raise NoTemplate(
                f"Nothing here speaks {wanted.language[:10]!r} like a recording: it takes a voice with"
                " `template = true` in the file of SATSPEAK_WORKER_VOICES."
            )
        samples = [
            np.frombuffer(heard(each, most_s=MOST_S, rate=SAMPLE_RATE), "<i2") for each in wanted.samples
        ]
        words = tuple(" ".join(each.split()) for each in wanted.words)
        about = _check(samples, words, wanted.language)
        gender: Gender = wanted.gender or ("male" if about.pitch_hz < _MALE_HZ else "female")
        pack = VoicePack(
            template=template.name,
            language=wanted.language,
            gender=gender,
            words=" ".join(words),
            pcm=_joined(samples).astype("<i2").tobytes(),
        )
        return Cloned(
            pack=msgspec.msgpack.encode(pack),
            template=template.name,
            gender=gender,
            seconds=round(_seconds(samples), 1),
            pitch_hz=round(about.pitch_hz, 1),
            similarity=_similarity(template, pack, about) if wanted.trial else None,
        )


def _check(samples: Sequence[Pcm], words: Sequence[str], language: str) -> Heard:
    """Refuse what no voice can be made of; what is measured of the speaker."""
    seconds = _seconds(samples)
    if not LEAST_S <= seconds <= MOST_S:
        raise UnfitSamples(
            f"The samples last {seconds:.1f} s together; a voice is made of {LEAST_S} to {MOST_S} s."
        )
    slow = [_slowly(each) for each in samples]
    about = listen(
        [np.asarray(np.rint(32767 * each), np.int16) for each in slow], least_voiced_s=_LEAST_VOICED_S
    )
    least, most = _PACE[language in _SYLLABIC]
    for number, (sample, heard_as, said) in enumerate(zip(samples, slow, words, strict=True), 1):
        if speech_share(heard_as) < _LEAST_SHARE:
            raise UnfitSamples(f"Sample {number} does not sound like somebody who speaks.")
        letters, lasts = sum(map(str.isalnum, said)), len(sample) / SAMPLE_RATE
        if not least <= letters / lasts <= most:
            raise UnfitSamples(
                f"The words of sample {number} do not fit it: {letters} letters in {lasts:.1f} s."
                " Write down what is said there, and nothing else."
            )
    return about


def _slowly(sample: Pcm) -> NDArray[np.float32]:
    """Bring the start of a sample to the rate that it is listened to at."""
    start = sample[: _LISTENED_S * SAMPLE_RATE].astype(np.float32) / np.float32(32768)
    return np.clip(np.asarray(soxr.resample(start, SAMPLE_RATE, RATE), np.float32), -1, 1)


def _seconds(samples: Sequence[Pcm]) -> float:
    return sum(map(len, samples)) / SAMPLE_RATE


def _joined(samples: Sequence[Pcm]) -> Pcm:
    """Put samples one after the other, with a pause between them that is part of no word."""
    pause = np.zeros(round(_BETWEEN_S * SAMPLE_RATE), np.int16)
    parts = [part for sample in samples for part in (pause, sample)][1:]
    return np.concatenate(parts)[: MOST_S * SAMPLE_RATE]


def _similarity(template: Template, pack: VoicePack, wanted: Heard) -> float:
    """Have it say a sentence, and compare; raises SynthesisFailed."""
    pieces = [*template.like(pack.reference).utter(SENTENCES[pack.language])]
    said = level_and_trim(np.concatenate(pieces or [np.zeros(0, np.float32)]), SAMPLE_RATE)
    about = measure(soxr.resample(said, SAMPLE_RATE, RATE), RATE) if len(said) > SAMPLE_RATE // 4 else None
    if about is None:
        raise SynthesisFailed("The template said nothing that can be heard.")
    return round(cosine(wanted.envelope, about.envelope), 3)
