"""A corpus of WAV files, good, odd and broken, each made here and each with its verdict."""

import random
import struct
import time
import tracemalloc
from io import BytesIO
from pathlib import Path

import av
import msgspec
import pytest
import soundfile

from service.speech.wav import FIX, InvalidWav, WavInfo, inspect, read_pcm

MAX_SECONDS = 600
PCM = b"".join(
    struct.pack("<h", 1 + n % 30_000) for n in range(1600)
)  # a tenth of a second, no two bytes zero
PCM_GUID = bytes.fromhex("0100 0000 0000 1000 8000 00AA 0038 9B71")
FLOAT_GUID = bytes.fromhex("0300 0000 0000 1000 8000 00AA 0038 9B71")
AMBISONIC_GUID = bytes.fromhex("0100 0000 2107 D311 8644 C8C1 CA00 0000")


def chunk(name: bytes, content: bytes, *, size: int | None = None, pad: bytes = b"\0") -> bytes:
    said = len(content) if size is None else size
    return name + struct.pack("<I", said) + content + pad * (len(content) % 2)


def fmt(tag=1, channels=1, rate=16_000, bits=16, *, block=None, byte_rate=None, extra=b"") -> bytes:
    block = channels * bits // 8 if block is None else block
    byte_rate = rate * block if byte_rate is None else byte_rate
    content = struct.pack("<HHIIHH", tag, channels, rate, byte_rate % 2**32, block, bits) + extra
    return chunk(b"fmt ", content)


def extensible(guid=PCM_GUID, *, valid_bits=16, mask=4, channels=1, extra_size=22) -> bytes:
    extra = struct.pack("<HHI", extra_size, valid_bits, mask) + guid
    return fmt(0xFFFE, channels, extra=extra)


def riff(*chunks: bytes, size: int | None = None, form: bytes = b"RIFF", kind: bytes = b"WAVE") -> bytes:
    body = kind + b"".join(chunks)
    return form + struct.pack("<I", len(body) if size is None else size) + body


def data(pcm: bytes = PCM, **options) -> bytes:
    return chunk(b"data", pcm, **options)


def ds64(data_size: int = len(PCM)) -> bytes:
    return chunk(b"ds64", struct.pack("<QQQI", 0, data_size, 0, 0))


def rf64(*chunks: bytes) -> bytes:
    return riff(*chunks, form=b"RF64", size=0xFFFFFFFF)


LIST = chunk(b"LIST", b"INFOISFT" + struct.pack("<I", 14) + b"Lavf61.7.100\0\0")
PLAIN = riff(fmt(), data())

VALID = {
    "plain": PLAIN,
    "one sample": riff(fmt(), data(PCM[:2])),
    "format with an empty extension": riff(fmt(extra=b"\0\0"), data()),
    "format with an extension": riff(fmt(extra=b"\2\0ab"), data()),
    "extensible": riff(extensible(), data()),
    "extensible without speakers": riff(extensible(mask=0), data()),
    "extensible with fewer valid bits": riff(extensible(valid_bits=12), data()),
    "tags before the audio": riff(fmt(), LIST, data()),
    "tags before the format": riff(LIST, fmt(), data()),
    "tags after the audio": riff(fmt(), data(), LIST),
    "tags of an odd size before the audio": riff(fmt(), chunk(b"LIST", b"INFOx"), data()),
    "padding of an odd size with a pad byte that is not zero": riff(
        fmt(), chunk(b"JUNK", b"x", pad=b"!"), data()
    ),
    "an empty chunk": riff(fmt(), chunk(b"JUNK", b""), data()),
    "broadcast data": riff(chunk(b"bext", bytes(602)), fmt(), data()),
    "fact": riff(fmt(), chunk(b"fact", struct.pack("<I", 1600)), data()),
    "fact that lies": riff(fmt(), chunk(b"fact", struct.pack("<I", 7)), data()),
    "alignment to 4 KiB": riff(chunk(b"JUNK", bytes(4048)), fmt(), data()),
    "a megabyte of cover art": riff(fmt(), chunk(b"id3 ", bytes(1_000_001)), data()),
    "cue points and a sampler": riff(fmt(), chunk(b"cue ", bytes(4)), chunk(b"smpl", bytes(36)), data()),
    "99 chunks before the audio": riff(*[chunk(b"JUNK", b"")] * 98, fmt(), data()),
    "rubbish after the audio": PLAIN + b"rubbish",
    "a second format after the audio": riff(fmt(), data(), fmt(channels=2)),
    "a size of 0 for the file": riff(fmt(), data(), size=0),
    "a size of 0xFFFFFFFF for the file": riff(fmt(), data(), size=0xFFFFFFFF),
    "a size for the file that is too small": riff(fmt(), data(), size=36),
    "a size for the file that is too large": riff(fmt(), data(), size=1_000_000),
    "ffmpeg to a pipe": riff(fmt(), LIST, data(size=0xFFFFFFFF), size=0xFFFFFFFF),
    "sox to a pipe": riff(fmt(), data(size=0x7FFFF000), size=0x7FFFF024),
    "a recorder to a pipe": riff(fmt(), data(size=0x80000000), size=0x80000024),
    "zero sizes to a pipe": riff(fmt(), data(size=0), size=0),
    "a header of no samples to a pipe": riff(fmt(), data(size=0), size=36),
    "bytes per second that lie": riff(fmt(byte_rate=1), data()),
    "bytes per second of 0": riff(fmt(byte_rate=0), data()),
    "RF64": rf64(ds64(), fmt(), data(size=0xFFFFFFFF)),
    "RF64 with tags after the audio": rf64(ds64(), fmt(), data(size=0xFFFFFFFF), LIST),
    "RF64 with its size in the data chunk": rf64(ds64(5), fmt(), data(), LIST),
    "RF64 to a pipe": rf64(ds64(0), fmt(), data(size=0xFFFFFFFF)),
    "a RIFF prepared to become RF64": riff(chunk(b"JUNK", bytes(28)), fmt(), data()),
    "a RIFF with a stray ds64": riff(ds64(3), fmt(), data(size=0xFFFFFFFF)),
}
"""Each has `PCM` as its audio, if the name says nothing else."""

TRIMMED = {
    "a data size that is a byte too large": (riff(fmt(), data(size=len(PCM) + 1)), PCM),
    "a data size that is a sample too large": (riff(fmt(), data(size=len(PCM) + 2)), PCM),
    "a file that lacks its last byte": (PLAIN[:-1], PCM[:-2]),
    "an RF64 that lacks its last sample": (rf64(ds64(), fmt(), data(size=0xFFFFFFFF))[:-2], PCM[:-2]),
    "half a sample at the end": (riff(fmt(), data(PCM[:101])), PCM[:100]),
    "half a sample at the end of a pipe": (riff(fmt(), data(PCM[:101], size=0, pad=b""), size=0), PCM[:100]),
    "a data size smaller than the file": (riff(fmt(), data(size=100)), PCM[:100]),
    "an odd data size smaller than the file": (riff(fmt(), data(size=101)), PCM[:100]),
    "tags after a pipe": (riff(fmt(), data(size=0), LIST, size=0), PCM + LIST),  # nobody can tell
}

NOT_WAV = "Only WAV files are supported. Please upload a .wav file."
WRONG = "The audio must be 16 kHz, mono, 16-bit PCM, and this is "
BROKEN = "Invalid WAV file: its header is broken or cut short."
NO_AUDIO = "Invalid WAV file: it ends before its audio begins."
NO_SAMPLES = "Invalid WAV file: it has no samples."
UNREADABLE = "Invalid WAV file: it cannot be read as audio."

INVALID = {
    "nothing": (b"", "Invalid WAV file: too small"),
    "43 bytes": (PLAIN[:43], "Invalid WAV file: too small"),
    "43 bytes of text": (b"x" * 43, "Invalid WAV file: too small"),
    "44 bytes of text": (b"x" * 44, NOT_WAV),
    "zeros": (bytes(1000), NOT_WAV),
    "an MP3": (b"ID3\4\0\0\0\0\0\0" + b"\xff\xfb\x90\x64" * 200, NOT_WAV),
    "a FLAC": (b"fLaC" + bytes(200), NOT_WAV),
    "an Ogg": (b"OggS" + bytes(200), NOT_WAV),
    "an AIFF": (b"FORM\0\0\1\0AIFF" + bytes(200), NOT_WAV),
    "an AVI": (riff(fmt(), data(), kind=b"AVI "), NOT_WAV),
    "a WebP": (riff(chunk(b"VP8 ", bytes(100)), kind=b"WEBP"), NOT_WAV),
    "big-endian": (riff(fmt(), data(), form=b"RIFX"), NOT_WAV),
    "BW64": (riff(ds64(), fmt(), data(), form=b"BW64"), NOT_WAV),
    "lower case": (PLAIN.replace(b"RIFF", b"riff"), NOT_WAV),
    "a byte before the file": (b"\0" + PLAIN, NOT_WAV),
    "a byte-order mark before the file": (b"\xef\xbb\xbf" + PLAIN, NOT_WAV),
    "44.1 kHz": (riff(fmt(rate=44_100), data()), WRONG + "44.1 kHz, mono, 16-bit PCM."),
    "8 kHz": (riff(fmt(rate=8_000), data()), WRONG + "8 kHz, mono"),
    "15,999 Hz": (riff(fmt(rate=15_999), data()), WRONG + "15.999 kHz, mono"),
    "0 Hz": (riff(fmt(rate=0), data()), WRONG + "0 kHz"),
    "4 GHz": (riff(fmt(rate=2**32 - 1), data()), WRONG + "4.29497e+06 kHz"),
    "stereo": (riff(fmt(channels=2), data()), WRONG + "16 kHz, stereo, 16-bit PCM."),
    "no channels": (riff(fmt(channels=0), data()), WRONG + "16 kHz, 0 channels"),
    "six channels": (riff(fmt(channels=6), data()), WRONG + "16 kHz, 6 channels"),
    "65,535 channels": (riff(fmt(channels=65_535, block=2), data()), WRONG + "16 kHz, 65535 channels"),
    "8 bits": (riff(fmt(bits=8), data()), WRONG + "16 kHz, mono, 8-bit PCM."),
    "24 bits": (riff(fmt(bits=24), data()), WRONG + "16 kHz, mono, 24-bit PCM."),
    "32 bits": (riff(fmt(bits=32), data()), WRONG + "16 kHz, mono, 32-bit PCM."),
    "12 bits": (riff(fmt(bits=12, block=2), data()), WRONG + "16 kHz, mono, 12-bit PCM."),
    "0 bits": (riff(fmt(bits=0, block=2), data()), WRONG + "16 kHz, mono, 0-bit PCM."),
    "all of it wrong": (riff(fmt(1, 2, 48_000, 24), data()), WRONG + "48 kHz, stereo, 24-bit PCM."),
    "floating point": (riff(fmt(3, bits=32), data()), WRONG + "16 kHz, mono, floating point."),
    "A-law": (riff(fmt(6, bits=8), data()), WRONG + "16 kHz, mono, A-law."),
    "µ-law": (riff(fmt(7, bits=8), data()), WRONG + "16 kHz, mono, µ-law."),
    "IMA ADPCM": (riff(fmt(0x11, bits=4, block=256), data()), WRONG + "16 kHz, mono, IMA ADPCM."),
    "MP3 in WAV": (riff(fmt(0x55, bits=0, block=1), data()), WRONG + "16 kHz, mono, MP3."),
    "16 bits of an unknown codec": (
        riff(fmt(0x1234), data()),
        WRONG + "16 kHz, mono, of the unknown codec 0x1234.",
    ),
    "codec 0": (riff(fmt(0), data()), WRONG + "16 kHz, mono, of the unknown codec 0x0000."),
    "extensible floating point": (
        riff(extensible(FLOAT_GUID), data()),
        WRONG + "16 kHz, mono, floating point.",
    ),
    "extensible ambisonics": (
        riff(extensible(AMBISONIC_GUID), data()),
        WRONG + "16 kHz, mono, of the unknown",
    ),
    "extensible stereo": (riff(extensible(channels=2), data()), WRONG + "16 kHz, stereo, 16-bit PCM."),
    "extensible without its extension": (riff(fmt(0xFFFE), data()), BROKEN),
    "extensible cut short": (riff(fmt(0xFFFE, extra=b"\x16\0\x10\0"), data()), BROKEN),
    "a format of 14 bytes": (riff(chunk(b"fmt ", fmt()[8:22]), data()), BROKEN),
    "an empty format": (riff(chunk(b"fmt ", b""), data()), BROKEN),
    "a format that goes past the end": (riff(LIST, chunk(b"fmt ", fmt()[8:20], size=16)), BROKEN),
    "blocks of 4 bytes": (
        riff(fmt(block=4), data()),
        "Invalid WAV file: it says that a sample takes 4 bytes.",
    ),
    "blocks of 0 bytes": (
        riff(fmt(block=0), data()),
        "Invalid WAV file: it says that a sample takes 0 bytes.",
    ),
    "two formats": (riff(fmt(), fmt(), data()), "Invalid WAV file: it has two `fmt ` chunks."),
    "audio before its format": (
        riff(data(), fmt()),
        "Invalid WAV file: no `fmt ` chunk comes before its audio.",
    ),
    "no format": (riff(data()), "Invalid WAV file: no `fmt ` chunk comes before its audio."),
    "no audio": (riff(fmt(), LIST), NO_AUDIO),
    "no chunks": (riff(b"\0" * 40), NO_AUDIO),
    "tags that go past the end": (riff(fmt(), chunk(b"LIST", b"INFO", size=10_000), data()), NO_AUDIO),
    "tags of 4 GiB": (riff(fmt(), chunk(b"LIST", b"INFO", size=0xFFFFFFFF), data()), NO_AUDIO),
    "tags of an odd size that are not padded": (
        riff(fmt(), chunk(b"LIST", b"INFOx", pad=b""), data()),
        NO_AUDIO,
    ),
    "cut in the middle of a chunk head": (riff(fmt(), LIST, b"data\0"), NO_AUDIO),
    "100 chunks before the audio": (
        riff(*[chunk(b"JUNK", b"")] * 99, fmt(), data()),
        "Invalid WAV file: more than 100 chunks come before its audio.",
    ),
    "only empty chunks": (
        riff(chunk(b"\0\0\0\0", b"") * 100_000),
        "Invalid WAV file: more than 100 chunks come before its audio.",
    ),
    "no samples": (riff(fmt(), data(b"")), NO_SAMPLES),
    "no samples before tags": (riff(fmt(), data(b""), LIST), NO_SAMPLES),
    "no samples from a pipe": (riff(fmt(), data(b"", size=0xFFFFFFFF), size=0xFFFFFFFF), NO_SAMPLES),
    "half a sample": (riff(fmt(), data(b"\1")), NO_SAMPLES),
    "RF64 without samples": (rf64(ds64(0), fmt(), data(size=0xFFFFFFFF))[:-3200], NO_SAMPLES),
    "cut off": (
        PLAIN[:-2200],
        "Invalid WAV file: truncated. Its header promises 0.10 s of audio, and 0.03 s are there.",
    ),
    "cut off by more than a sample": (PLAIN[:-3], "Invalid WAV file: truncated."),
    "a data size that counts the header": (
        riff(fmt(), data(size=len(PCM) + 44)),
        "Invalid WAV file: truncated.",
    ),
    "a data size of a gigabyte": (riff(fmt(), data(size=2**30)), "Invalid WAV file: truncated."),
    "RF64 cut off": (rf64(ds64(), fmt(), data(size=0xFFFFFFFF))[:-4], "Invalid WAV file: truncated."),
    "RF64 of 16 exabytes": (rf64(ds64(2**64 - 1), fmt(), data(size=0xFFFFFFFF)), UNREADABLE),
    "a chunk whose name is no text": (riff(fmt(), chunk(b"\0\1\2\3", b"ab"), data()), UNREADABLE),
    "a second data chunk": (riff(fmt(), data(), data(PCM[:10])), UNREADABLE),
    "RF64 with a ds64 cut short": (rf64(chunk(b"ds64", bytes(8)), fmt(), data()), BROKEN),
}


@pytest.fixture
def check(tmp_path):
    """Inspect bytes as an upload; the name, which must not matter, is that of headerless samples."""

    def check(content: bytes, *, max_seconds: int = MAX_SECONDS) -> tuple[Path, WavInfo]:
        path = tmp_path / "upload.raw"
        path.write_bytes(content)
        return path, inspect(path, max_seconds=max_seconds)

    return check


def test_the_corpus_is_large():
    assert len(VALID) + len(TRIMMED) + len(INVALID) >= 100


@pytest.mark.parametrize("name", VALID)
def test_a_real_wav_passes(check, name):
    path, info = check(VALID[name])

    expected = PCM[:2] if name == "one sample" else PCM
    assert b"".join(read_pcm(path, info, 1000)) == expected
    assert (info.samples, info.data_size) == (len(expected) // 2, len(expected))


@pytest.mark.parametrize("name", TRIMMED)
def test_an_odd_wav_passes_with_the_samples_that_its_header_tells(check, name):
    content, expected = TRIMMED[name]
    path, info = check(content)

    assert b"".join(read_pcm(path, info, 1000)) == expected
    assert info.samples == len(expected) // 2


@pytest.mark.parametrize("name", INVALID)
def test_a_wav_that_we_do_not_take_is_refused_with_what_was_found(check, name):
    content, detail = INVALID[name]
    with pytest.raises(InvalidWav) as caught:
        check(content)

    assert caught.value.detail.startswith(detail)


def test_a_wrong_format_comes_with_the_line_that_converts_it(check):
    with pytest.raises(InvalidWav) as caught:
        check(riff(fmt(rate=44_100), data()))

    assert caught.value.detail.endswith(FIX)
    assert "ffmpeg -i in.wav -ar 16000 -ac 1 -sample_fmt s16 out.wav" in FIX


def test_the_longest_audio_passes_and_a_sample_more_does_not(check):
    second = bytes(32_000)
    _, info = check(riff(fmt(), data(second * 3)), max_seconds=3)
    assert info.samples == 48_000

    with pytest.raises(InvalidWav) as caught:
        check(riff(fmt(), data(second * 3 + b"\0\0")), max_seconds=3)
    assert caught.value.detail == "The audio is 3.0 s long, and at most 3 s are taken. Shorten it."


@pytest.mark.parametrize("name", ["speech.wav", "speech.mp3", "speech.raw", "speech", ".wav", "речь 🎤.txt"])
def test_the_name_of_a_file_does_not_matter(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(PLAIN)

    assert inspect(path, max_seconds=1).samples == 1600


@pytest.mark.parametrize("format_name", ["WAV", "WAVEX", "RF64"])
def test_what_libsndfile_writes_passes(tmp_path, format_name):
    path = tmp_path / "upload"
    samples = [n - 800 for n in range(1600)]
    with soundfile.SoundFile(
        path, "w", samplerate=16_000, channels=1, subtype="PCM_16", format=format_name
    ) as sound:
        sound.buffer_write(struct.pack("<1600h", *samples), dtype="int16")

    info = inspect(path, max_seconds=1)

    assert list(struct.unpack("<1600h", b"".join(read_pcm(path, info, 4096)))) == samples


class Pipe:
    """A file that cannot go back: its writer never fills in the sizes."""

    def __init__(self) -> None:
        self.content = b""

    def write(self, content: bytes) -> int:
        self.content += bytes(content)
        return len(content)


@pytest.mark.parametrize(
    "options", [{}, {"rf64": "always"}, {"write_bext": "1"}], ids=["plain", "RF64", "bext"]
)
@pytest.mark.parametrize("to", [BytesIO, Pipe])
def test_what_ffmpeg_writes_passes(check, to, options):
    written = to()
    with av.open(written, "w", format="wav", options=options) as container:
        container.metadata["title"] = "Speech"
        stream = container.add_stream("pcm_s16le", rate=16_000, layout="mono")
        frame = av.AudioFrame(format="s16", layout="mono", samples=1600)
        frame.sample_rate = 16_000
        frame.planes[0].update(PCM)
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))

    path, info = check(written.content if to is Pipe else written.getvalue())

    assert b"".join(read_pcm(path, info, 4096)) == PCM


def test_samples_come_in_pieces_of_the_size_asked_for(check):
    path, info = check(PLAIN)

    assert [len(piece) for piece in read_pcm(path, info, 1500)] == [1500, 1500, 200]


def test_a_file_that_shrank_since_is_not_taken_for_a_shorter_one(check):
    path, info = check(PLAIN)
    path.write_bytes(PLAIN[:-1000])

    with pytest.raises(EOFError, match="1000 bytes"):
        list(read_pcm(path, info, 1500))


def test_ten_minutes_are_checked_in_milliseconds_and_constant_memory(tmp_path):
    path = tmp_path / "upload"
    path.write_bytes(riff(fmt(), data(bytes(2 * 16_000 * 600))))

    elapsed_s = []
    for _ in range(10):  # the quickest tells, on a machine that is busy with other things
        started = time.process_time()
        info = inspect(path, max_seconds=600)
        elapsed_s.append(time.process_time() - started)
    tracemalloc.start()
    inspect(path, max_seconds=600)
    for _ in read_pcm(path, info, 65_536):
        pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert info.samples == 9_600_000
    assert min(elapsed_s) < 0.005
    assert peak < 1_000_000


@pytest.mark.parametrize("seed", range(20))
def test_no_mutation_ends_in_anything_but_a_verdict(tmp_path, seed, full):
    draw = random.Random(seed)
    corpus = [*VALID.values(), *(content for content, _ in (*TRIMMED.values(), *INVALID.values()))]
    corpus = [content for content in corpus if len(content) < 10_000]
    path = tmp_path / "upload"
    accepted = 0
    with path.open("wb", buffering=0) as upload:
        for _ in range(10_000 if full else 250):
            content = mutated(draw, draw.choice(corpus), draw.choice(corpus))
            upload.seek(0)
            upload.truncate()
            upload.write(content)
            try:
                info = inspect(path, max_seconds=1)
            except InvalidWav:
                continue
            accepted += 1
            pcm = b"".join(read_pcm(path, info, 777))
            assert pcm == content[info.data_offset : info.data_offset + info.data_size]
            assert len(pcm) == 2 * info.samples > 0
    assert accepted > 10  # else the mutations are too wild to find anything


def mutated(draw: random.Random, content: bytes, other: bytes) -> bytes:
    """Flip bytes, set sizes to telling values, cut, repeat or splice, mostly in the header."""
    result = bytearray(content)
    for _ in range(draw.randint(1, 3)):
        at = draw.randrange(min(len(result), draw.choice([64, 128, 10_000])) or 1)
        match draw.randrange(6):
            case 0:
                result[at : at + 1] = bytes([draw.randrange(256)])
            case 1:
                telling = draw.choice(
                    [0, 1, 2, 15, 16, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF, len(result)]
                )
                result[at : at + 4] = struct.pack("<I", telling)
            case 2:
                del result[draw.randrange(len(result) + 1) :]
            case 3:
                del result[at : at + draw.randint(1, 40)]
            case 4:
                result[at:at] = result[: draw.randint(1, 60)]
            case _:
                result[at:] = other[draw.randrange(len(other) or 1) :]
    return bytes(result)


def test_the_verdict_is_a_value_that_can_be_kept(check):
    _, info = check(PLAIN)

    assert msgspec.json.decode(msgspec.json.encode(info), type=WavInfo) == info
