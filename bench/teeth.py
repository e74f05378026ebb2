"""What four filmed mouths give people of one's own: the same film imported with and without them.

    python -m bench.teeth                  sharpness of both, as a share of the truth
    python -m bench.teeth --strip FILE     draws moments of a sentence: the truth, without and with them

The person is a drawn one whom the lips' training never saw, as a film of somebody: at rest, then with the mouths that
her films have. Imported, nothing is known of her but these pictures.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import click
import cv2
import numpy as np
from click.testing import CliRunner

from bench.lipsync import ASSETS
from bench.mouths import Worker, read_film, read_sound, sharpness
from bench.strips import lay
from training.shots import TRUTH, read_shots
from worker.footage import square
from worker.import_command import avatars
from worker.import_film import read_film as read_pictures
from worker.import_film import write_footage
from worker.import_pack import find
from worker.importing import Rgb

PERSON, LANGUAGE = "mexican_woman", "en"

_HELD = 10  # frames of each mouth


def show_mouths(person: str, emotion: str) -> Iterator[Rgb]:
    """Film somebody of ours in whole pictures: at rest, then each mouth for a moment."""
    home = ASSETS / "avatars" / person
    pack = find(ASSETS / "avatars", person)
    assert pack
    clip = pack.emotions[emotion]
    assert clip.mouths
    size = clip.mouths.size
    rest = read_pictures(home / clip.footage, longest_s=60)
    tiles = read_pictures(home / clip.mouths.film, longest_s=60)
    for index, (picture, row, box) in enumerate(zip(rest, tiles, clip.boxes, strict=False)):
        shape = index // _HELD - 1
        if shape >= clip.mouths.shapes:
            return
        shown = picture.copy()
        if shape >= 0 and box:
            left, top = (int(middle - size / 2) for middle in square(box, size, len(picture))[:2])
            shown[top : top + size, left : left + size] = row[:, shape * size : (shape + 1) * size]
        yield shown


@click.command()
@click.option("--strip", type=click.Path(path_type=Path), help="Picture to write.")
def main(*, strip: Path | None) -> None:
    """Import somebody twice, and look at both speak."""
    shot = next(shot for shot in read_shots() if (shot.avatar, shot.language) == (PERSON, LANGUAGE))
    truth = read_film(TRUTH / f"{shot.name}.mp4")
    films = {"truth": truth}
    with tempfile.TemporaryDirectory() as folder:
        assets = Path(folder)
        (assets / "avatars").mkdir()
        (assets / "model").symlink_to(ASSETS / "model")
        write_footage(assets / "mouths.mp4", list(show_mouths(PERSON, shot.emotion)))
        footage = ASSETS / "avatars" / PERSON / f"{shot.emotion}.mp4"
        for name, more in {"without": [], "with": ["--mouths", str(assets / "mouths.mp4")]}.items():
            wanted = [name, "--footage", str(footage), "--gender", "female", "--assets", str(assets)]
            CliRunner().invoke(avatars, ["add", *wanted, *more], catch_exceptions=False)
            lips = Worker(assets)
            sound = read_sound(TRUTH / f"{shot.name}.wav")
            films[name] = lips.film(lips.footage(name, "neutral"), sound, shot.corners, excerpt=True)
    opening = np.array(shot.opening)
    speaking = opening > np.median(opening[~np.array(shot.silent)])
    for name, film in films.items():
        share = sharpness(film[speaking]).mean() / sharpness(truth[speaking]).mean()
        click.echo(f"{name:10} sharpness {share:.2f}")
    if strip:
        cv2.imwrite(str(strip), lay(films, shot)[..., ::-1])


if __name__ == "__main__":
    main()
