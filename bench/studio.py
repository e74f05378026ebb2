"""Measures what the studio makes: `python -m bench.studio [--json]`.

`portrait_s` is the processor time of a portrait of 512 × 512 pixels in a process that has drawn before,
`avatar_from_picture_s` that of an avatar made of it. Both need `satspeak[faces]` and OpenGL by EGL.
`realtime_factor_…` and `matte_error_levels…` are those of `bench.stage`.
`webrtc_cpu_per_viewer`, `interrupt_ms_p95` and `interrupt_chromium_ms_p95` are of calls (`bench.calls`), which need
`satspeak[live]`.

`voice_match_cosine` compares samples of voices that are none of ours with what the voices say that were matched to
them, and `voice_match_cosine_unmatched` with what the same voices say as they are: by the mean spectral envelopes of
the worker's own measure (`worker.speech.likeness`), which is no embedding of speakers. The samples are of our voices,
turned.
"""

import json
import tempfile
import time
from pathlib import Path

import click
import cv2
import numpy as np
import soxr
from numpy.typing import NDArray

from bench import calls, stage
from bench.machine import machine
from faces.portraits import Painter
from faces.prompts import imagine
from worker.drawing import ImportPerson, import_person
from worker.matching import Matcher, MatchRequest
from worker.speech import SAMPLE_RATE, Speaker
from worker.speech.likeness import RATE, cosine, listen

_TURNED = ("en-female~082-093-8899887", "en-male~112-107-8888777", "de-female~115-106-7788899")
_TEXTS = {
    "en": "The sun was low when we came to the harbour, and nobody had told us that the last boat was gone. So we sat"
    " on the wall, ate what was left of the bread, and waited for the morning.",
    "de": "Die Sonne stand tief, als wir an den Hafen kamen, und niemand hatte uns gesagt, dass das letzte Boot fort"
    " war. Also saßen wir auf der Mauer, aßen, was vom Brot übrig war, und warteten auf den Morgen.",
}
_PROMPTS = (
    "a bald man in a black turtleneck",
    "an elderly African man with a grey beard",
    "a smiling woman with long red hair",
    "a Japanese woman with a black bob",
)


def measure() -> dict[str, float]:
    """Return seconds of processor time."""
    painter = Painter()
    portraits = [imagine(prompt).recipe for prompt in _PROMPTS]
    painter.draw(portraits[0], 512, 512)
    started = time.process_time()
    pictures = [painter.draw(recipe, 512, 512) for recipe in portraits[1:]]
    portrait_s = (time.process_time() - started) / len(pictures)
    with tempfile.TemporaryDirectory() as home:
        source, folder = Path(home) / "source.png", Path(home) / "somebody"
        cv2.imwrite(str(source), pictures[-1][..., ::-1])
        folder.mkdir()
        started = time.process_time()
        import_person(
            ImportPerson(
                folder=str(folder), name="somebody", label="Somebody", gender="female", source=str(source)
            )
        )
        avatar_s = time.process_time() - started
    return {"portrait_s": round(portrait_s, 2), "avatar_from_picture_s": round(avatar_s, 2)}


def matched() -> dict[str, float]:
    """Return how like samples the voices are that were matched to them, and those that are not turned."""
    speaker = Speaker()
    matcher = Matcher(speaker)

    def said(name: str, language: str) -> NDArray[np.int16]:
        voice = speaker.choose(language=None, voice=name, text="", gender="female", elderly=False)
        sound = soxr.resample(speaker.say(_TEXTS[language], voice).astype(np.float32), SAMPLE_RATE, RATE)
        return np.asarray(np.clip(sound, -32768, 32767), np.int16)

    near, far = [], []
    for name in _TURNED:
        sample = said(name, name[:2])
        like = matcher.match(MatchRequest(language=name[:2], samples=(sample.tobytes(),)))
        wanted = listen([sample]).envelope
        near.append(cosine(wanted, listen([said(like.voice, name[:2])]).envelope))
        far.append(cosine(wanted, listen([said(like.base, name[:2])]).envelope))
    return {
        "voice_match_cosine": round(float(np.mean(near)), 3),
        "voice_match_cosine_unmatched": round(float(np.mean(far)), 3),
    }


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def main(*, as_json: bool) -> None:
    """Measure portraits, avatars made of pictures, matched voices, and calls."""
    figures = measure() | stage.measure() | matched() | calls.measure()
    if as_json:
        print(json.dumps({"machine": machine("cpu"), **figures}))
        return
    for name, value in figures.items():
        print(f"{name:28} {value}")


if __name__ == "__main__":
    main()
