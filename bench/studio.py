"""Measures what the studio makes: `python -m bench.studio [--json]`.

`portrait_s` is the processor time of a portrait of 512 × 512 pixels in a process that has drawn before,
`avatar_from_picture_s` that of an avatar made of it. Both need `satspeak[faces]` and OpenGL by EGL.
"""

import json
import tempfile
import time
from pathlib import Path

import click
import cv2

from bench.machine import machine
from faces.portraits import Painter
from faces.prompts import imagine
from worker.drawing import ImportPerson, import_person

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


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def main(*, as_json: bool) -> None:
    """Measure portraits, and avatars made of pictures."""
    figures = measure()
    if as_json:
        print(json.dumps({"machine": machine("cpu"), **figures}))
        return
    for name, value in figures.items():
        print(f"{name:24} {value}")


if __name__ == "__main__":
    main()
