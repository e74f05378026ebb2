"""Tells whether an upload is the audio that we take: WAV, 16 kHz, mono, 16-bit PCM.

By content alone: a real WAV under any name passes, a renamed MP3 does not. The header is read here, chunk by
chunk and in constant memory, since libsndfile forgives what must not be guessed where seconds are sold. Then
libsndfile has to agree with what was found.

What is decided, where files in the wild differ from the book:

- The size of the `RIFF` is not believed: only what a chunk says of itself counts.
- A data chunk larger than the rest of the file is a broken upload and refused, not sold by half. Up to a sample more
  than is there is a writer that counted wrong: the whole samples that are there are taken, as FFmpeg does.
- A data chunk smaller than the rest of the file is believed: tags follow it, or rubbish that nobody hears.
- Programs that write to a pipe cannot go back to fill in the size. They leave 0 (and a `RIFF` size that does
  not fit the file), 0xFFFFFFFF or about 2 GiB. Such audio goes to the end of the file.
- A last half sample is dropped.
- Chunks before the audio are skipped, up to `MAX_CHUNKS`, with the pad byte that follows an odd size.
- `WAVE_FORMAT_EXTENSIBLE` is taken when its subformat is PCM: some tools write it for plain 16 bits.
- RF64 (EBU Tech 3306, sizes of 64 bits in a `ds64` chunk) is taken. RIFX (big-endian) and BW64 are not.
- Average bytes per second are not looked at: nothing depends on them, and they are often wrong.
"""

import os
import struct
from collections.abc import Iterator
from io import FileIO
from pathlib import Path
from typing import IO, NamedTuple

import msgspec
import soundfile

from service.errors import InvalidRequest

SAMPLE_RATE = 16_000
SAMPLE_BYTES = 2

HEADER_BYTES = 44
"""The smallest WAV header: `RIFF`, a plain `fmt ` and the head of `data`."""

MAX_CHUNKS = 100
"""Before the audio. Real files have a handful; a hostile one of empty chunks would keep us busy."""

PLACEHOLDER_FROM = 0x7F00_0000
"""A data size from here on, 18 hours of our audio, is what a program that writes to a pipe left there."""

SIZE_IN_DS64 = 0xFFFF_FFFF
"""The data size of an RF64 that has its size in the `ds64` chunk."""

_CHUNK_HEAD = struct.Struct("<4sI")

FIX = "Convert it with: ffmpeg -i in.wav -ar 16000 -ac 1 -sample_fmt s16 out.wav"

_PCM, _EXTENSIBLE = 0x0001, 0xFFFE
_CODECS = {
    0x0002: "Microsoft ADPCM",
    0x0003: "floating point",
    0x0006: "A-law",
    0x0007: "µ-law",
    0x0011: "IMA ADPCM",
    0x0031: "GSM 6.10",
    0x0050: "MPEG audio",
    0x0055: "MP3",
    0x00FF: "AAC",
}
_GUID_TAIL = bytes.fromhex("0000 0000 1000 8000 00AA 0038 9B71")
"""Of the subformat GUID that stands for a format tag, after the two bytes of the tag (Microsoft, mmreg.h)."""


class InvalidWav(InvalidRequest):
    """The upload is not audio that we take; `detail` says what was found and what to do."""

    field = "audio"


class WavInfo(msgspec.Struct, frozen=True, kw_only=True):
    """Where in the file the audio is: `samples` of two bytes at 16 kHz."""

    samples: int
    data_offset: int
    data_size: int


class _Chunk(NamedTuple):
    name: bytes
    offset: int  # of its content
    size: int  # as it says itself


class _Format(NamedTuple):
    tag: int
    channels: int
    rate: int
    block_bytes: int
    bits: int


def inspect(path: Path, *, max_seconds: int) -> WavInfo:
    """Check an upload and find its audio, reading little more than its header.

    Raises:
        InvalidWav: It is not 16 kHz mono 16-bit PCM, is broken, empty, or longer than `max_seconds`.
    """
    with path.open("rb", buffering=0) as file:  # libsndfile shares the position below
        file_size = os.fstat(file.fileno()).st_size
        if file_size < HEADER_BYTES:
            raise InvalidWav("Invalid WAV file: too small")
        form, riff_size, kind = struct.unpack("<4sI4s", file.read(12))
        if form not in {b"RIFF", b"RF64"} or kind != b"WAVE":
            raise InvalidWav("Only WAV files are supported. Please upload a .wav file.")
        audio_format, data = _find_audio(file, large=form == b"RF64")
        _check_format(audio_format)
        _check_with_libsndfile(file)

    data_size = _believable_size(data, file_size, finished=riff_size == file_size - 8)
    samples = data_size // SAMPLE_BYTES
    if samples == 0:
        raise InvalidWav("Invalid WAV file: it has no samples. Upload a file with speech in it.")
    if samples > max_seconds * SAMPLE_RATE:
        seconds = samples / SAMPLE_RATE
        raise InvalidWav(
            f"The audio is {seconds:.1f} s long, and at most {max_seconds} s are taken. Shorten it."
        )
    return WavInfo(samples=samples, data_offset=data.offset, data_size=samples * SAMPLE_BYTES)


def read_pcm(path: Path, info: WavInfo, chunk_bytes: int) -> Iterator[bytes]:
    """The samples of an inspected file as s16le, at most `chunk_bytes` at a time.

    Raises:
        EOFError: The file has become shorter since it was inspected.
    """
    with path.open("rb") as file:
        file.seek(info.data_offset)
        left = info.data_size
        while left:
            pcm = file.read(min(left, chunk_bytes))
            if not pcm:
                raise EOFError(f"{path} has lost its last {left} bytes of audio")
            left -= len(pcm)
            yield pcm


def write_plain(path: Path, info: WavInfo, to: IO[bytes], chunk_bytes: int = 1 << 18) -> None:
    """Write the samples of an inspected file as the plainest WAV: every program hears the same in it.

    Raises:
        EOFError: The file has become shorter since it was inspected.
    """
    to.write(
        struct.pack("<4sI4s", b"RIFF", HEADER_BYTES - 8 + info.data_size, b"WAVE")
        + struct.pack(
            "<4sIHHIIHH",
            *(b"fmt ", 16, _PCM, 1, SAMPLE_RATE, SAMPLE_RATE * SAMPLE_BYTES, SAMPLE_BYTES, 8 * SAMPLE_BYTES),
        )
        + _CHUNK_HEAD.pack(b"data", info.data_size)
    )
    for pcm in read_pcm(path, info, chunk_bytes):
        to.write(pcm)
    to.flush()


def _find_audio(file: FileIO, *, large: bool) -> tuple[_Format, _Chunk]:
    """The format and the data chunk, whose size is the `ds64` chunk's where the file is `large` (RF64)."""
    audio_format: _Format | None = None
    large_size: int | None = None
    for chunk in _chunks(file):
        match chunk.name:
            case b"ds64" if large:
                _, large_size = struct.unpack("<QQ", _read(file, chunk, 16))
            case b"fmt ":
                if audio_format is not None:
                    raise InvalidWav(f"Invalid WAV file: it has two `fmt ` chunks. {FIX}")
                audio_format = _read_format(file, chunk)
            case b"data":
                if audio_format is None:
                    raise InvalidWav(f"Invalid WAV file: no `fmt ` chunk comes before its audio. {FIX}")
                if large_size is not None and chunk.size == SIZE_IN_DS64:
                    return audio_format, chunk._replace(size=large_size)
                return audio_format, chunk
            case _:
                pass  # tags, broadcast data, padding
    raise InvalidWav("Invalid WAV file: it ends before its audio begins. Upload the whole file again.")


def _chunks(file: FileIO) -> Iterator[_Chunk]:
    """The chunks in their order, until the file ends."""
    offset = 12
    for _ in range(MAX_CHUNKS):
        file.seek(offset)
        head = file.read(_CHUNK_HEAD.size)
        if len(head) < _CHUNK_HEAD.size:
            return
        name, size = _CHUNK_HEAD.unpack(head)
        yield _Chunk(name, offset + _CHUNK_HEAD.size, size)
        offset += _CHUNK_HEAD.size + size + size % 2
    raise InvalidWav(f"Invalid WAV file: more than {MAX_CHUNKS} chunks come before its audio. {FIX}")


def _read(file: FileIO, chunk: _Chunk, size: int) -> bytes:
    """The first bytes of a chunk, all of which must be there."""
    content = file.read(min(size, chunk.size))
    if len(content) < size:
        raise InvalidWav(f"Invalid WAV file: its header is broken or cut short. {FIX}")
    return content


def _read_format(file: FileIO, chunk: _Chunk) -> _Format:
    head = _read(file, chunk, 16)
    tag, channels, rate, _, block_bytes, bits = struct.unpack("<HHIIHH", head)
    if tag == _EXTENSIBLE:
        # Skipped: how much follows, valid bits, speakers. None changes how one channel of samples is read.
        _, _, _, subtag, guid_tail = struct.unpack("<HHIH14s", _read(file, chunk, 24))
        if guid_tail == _GUID_TAIL:
            tag = subtag
    return _Format(tag, channels, rate, block_bytes, bits)


def _check_format(found: _Format) -> None:
    if found[:3] + found[4:] != (_PCM, 1, SAMPLE_RATE, 8 * SAMPLE_BYTES):
        raise InvalidWav(f"The audio must be 16 kHz, mono, 16-bit PCM, and this is {_in_words(found)}. {FIX}")
    if found.block_bytes != SAMPLE_BYTES:
        raise InvalidWav(f"Invalid WAV file: it says that a sample takes {found.block_bytes} bytes. {FIX}")


def _in_words(found: _Format) -> str:
    channels = {1: "mono", 2: "stereo"}.get(found.channels, f"{found.channels} channels")
    codec = _CODECS.get(found.tag, f"of the unknown codec 0x{found.tag:04X}")
    if found.tag == _PCM:
        codec = f"{found.bits}-bit PCM"
    return f"{found.rate / 1000:g} kHz, {channels}, {codec}"


def _believable_size(data: _Chunk, file_size: int, *, finished: bool) -> int:
    """How many bytes of audio there are.

    Args:
        data: The data chunk, with the size that it says.
        file_size: Of the whole upload.
        finished: The `RIFF` size fits the file: its writer came back to fill in the sizes, also one of 0.
    """
    present = file_size - data.offset
    if data.size >= PLACEHOLDER_FROM or (data.size == 0 and not finished):
        return present
    if data.size > present + SAMPLE_BYTES:
        promised_s, present_s = (size / SAMPLE_BYTES / SAMPLE_RATE for size in (data.size, present))
        raise InvalidWav(
            f"Invalid WAV file: truncated. Its header promises {promised_s:.2f} s of audio, "
            f"and {present_s:.2f} s are there. Upload the whole file again."
        )
    return min(data.size, present)


def _check_with_libsndfile(file: FileIO) -> None:
    """Let libsndfile confirm what we read: where two readers differ, a third may hear something else.

    It gets a descriptor, not a name: the Python package takes any file named `.raw` for headerless samples.
    """
    file.seek(0)
    try:
        with soundfile.SoundFile(file.fileno(), closefd=False) as sound:
            agreed = (sound.subtype, sound.channels, sound.samplerate) == ("PCM_16", 1, SAMPLE_RATE)
    except soundfile.LibsndfileError:
        agreed = False
    if not agreed:
        raise InvalidWav(f"Invalid WAV file: it cannot be read as audio. {FIX}")
