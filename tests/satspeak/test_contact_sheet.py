import av
import cv2
import numpy as np
import pytest

from satspeak.contact_sheet import examine, write_contact_sheet


@pytest.fixture
def video(tmp_path):
    """A second of grey frames that grow brighter, with a tone in its second half only."""
    path = tmp_path / "video.mp4"
    with av.open(str(path), "w") as container:
        pictures = container.add_stream("libx264", rate=25)
        pictures.width = pictures.height = 128
        pictures.pix_fmt = "yuv420p"
        sound = container.add_stream("aac", rate=16_000)
        sound.layout = "mono"
        for number in range(25):
            picture = np.full((128, 128, 3), number * 10, np.uint8)
            container.mux(pictures.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        tone = np.sin(np.arange(16_000) / 8).astype(np.float32)
        tone[:8_000] = 0
        frame = av.AudioFrame.from_ndarray(tone[None], format="fltp", layout="mono")
        frame.sample_rate = 16_000
        container.mux(sound.encode(frame))
        container.mux(pictures.encode(None))
        container.mux(sound.encode(None))
    return path


def test_a_video_is_told_by_what_decodes(video):
    facts = examine(video)

    assert (facts.video_codec, facts.audio_codec) == ("h264", "aac")
    assert (facts.width, facts.height, facts.fps, facts.frames) == (128, 128, 25, 25)
    assert facts.audio_s == pytest.approx(1, abs=0.1)


def test_the_sheet_shows_frames_in_order_above_the_loudness(video, tmp_path):
    png = tmp_path / "sheet.png"

    write_contact_sheet(video, png)

    sheet = cv2.imread(str(png), cv2.IMREAD_GRAYSCALE)
    assert sheet is not None
    height, width = sheet.shape
    assert width == 8 * 192
    first, last_row = sheet[96, 96], sheet[3 * 192 + 96, 96]
    assert first < last_row  # it grows brighter
    strip = sheet[height - 40 :]
    assert (
        strip[:, : width // 3].mean() > strip[:, -width // 3 :].mean()
    )  # bars, darker than paper, come late
