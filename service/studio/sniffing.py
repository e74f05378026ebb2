"""Tells what bytes are by themselves: what a header or a name says of them is anybody's. Pure.

Signatures are those of https://mimesniff.spec.whatwg.org, section 6, and of the formats' own documents. Whether all of
a file can be decoded is seen by the worker that decodes it.
"""

from service.studio.media import (
    JPEG,
    M4A,
    MOV,
    MP3,
    MP4,
    OGG,
    PNG,
    WAV,
    WEBM,
    WEBM_SPEECH,
    WEBP,
    Format,
    Kind,
)

HEAD_BYTES = 4096
"""How much of a file is looked at: the tracks of a WebM are named within."""

_PICTURES = {b"\x89PNG\r\n\x1a\n": PNG, b"\xff\xd8\xff": JPEG}
_AUDIO_BRANDS = (b"M4A ", b"M4B ", b"F4A ")
_FILM_BRANDS = (
    b"isom",
    b"iso2",
    b"iso4",
    b"iso5",
    b"iso6",
    b"iso8",
    b"mp41",
    b"mp42",
    b"avc1",
    b"M4V ",
    b"dash",
    b"MSNV",
)
_OGG_SPEECH = (b"OpusHead", b"\x01vorbis", b"\x7fFLAC", b"Speex   ")
_EBML = b"\x1a\x45\xdf\xa3"


def sniff(head: bytes, wanted: Kind | None = None) -> Format | None:
    """Tell what a file is by its first bytes; None where it is nothing that is taken.

    Args:
        head: Its first `HEAD_BYTES`, or all of it.
        wanted: What it is said to be for: some containers hold a film or speech alone.
    """
    for signature, found in _PICTURES.items():
        if head.startswith(signature):
            return found
    if head.startswith(b"RIFF"):
        return {b"WEBP": WEBP, b"WAVE": WAV}.get(head[8:12])
    if head.startswith(b"OggS"):
        return OGG if any(name in head[:128] for name in _OGG_SPEECH) else None
    if head.startswith(_EBML):
        return _webm(head, wanted)
    return _iso(head, wanted) if head[4:8] == b"ftyp" else _mp3(head)


def _webm(head: bytes, wanted: Kind | None) -> Format | None:
    """Tell a WebM's kind by the codecs of its tracks."""
    if b"webm" not in head[:64]:  # Matroska of another kind
        return None
    film = any(codec in head for codec in (b"V_VP8", b"V_VP9", b"V_AV1"))
    if film:
        return WEBM_SPEECH if wanted is Kind.SPEECH else WEBM
    return WEBM_SPEECH if b"A_OPUS" in head or b"A_VORBIS" in head else None


def _iso(head: bytes, wanted: Kind | None) -> Format | None:
    """Tell the kind of an ISO base media file by its brands (ISO/IEC 14496-12, section 4.3)."""
    size = int.from_bytes(head[:4])
    brands = [head[8:12], *(head[at : at + 4] for at in range(16, min(size, len(head)), 4))]
    if brands[0] == b"qt  ":
        return MOV
    if brands[0] in _AUDIO_BRANDS:
        return M4A
    if any(brand in _FILM_BRANDS for brand in brands):
        return M4A if wanted is Kind.SPEECH else MP4
    return None


def _mp3(head: bytes) -> Format | None:
    """Tell an ID3 tag, or the header of a frame of MPEG audio, layer III (ISO 11172-3)."""
    if head.startswith(b"ID3"):
        return MP3
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:  # noqa: PLR2004 - eleven bits set
        return None
    version, layer, bitrate, rate = head[1] >> 3 & 3, head[1] >> 1 & 3, head[2] >> 4, head[2] >> 2 & 3
    sound = version != 1 and layer == 1 and bitrate not in (0, 15) and rate != 3  # noqa: PLR2004 - reserved values
    return MP3 if sound else None
