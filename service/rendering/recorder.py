"""Stores what one attempt renders, piece by piece, and believes nothing that is not what was sold."""

from datetime import datetime, timedelta

import msgspec

from service.catalogue.built_in import LANGUAGES
from service.errors import RenderFailed, RenderRefused, StoredByOthers
from service.jobs.names import pieces_folder
from service.jobs.port import Objects, Playable, SegmentPart, SpeechPart, Videos
from service.orders.choice import Choice
from service.orders.order import Order
from service.orders.video import FPS, Video
from service.rendering.container import with_room
from service.rendering.port import End, Init, Record, RenderRequest, Segment, Speech
from service.rendering.sold import frames_of, length_sold
from service.speech.wav import SAMPLE_BYTES, SAMPLE_RATE

TOO_LONG = "This text takes longer to speak than the {sold:.0f} s that were sold, so its video is not made."


class Recorder:
    """Stores the records of a worker. A class since each piece goes where the last one ended.

    A segment is handed out only once it cannot be the last: when more speech is stored than it shows. So whatever dies,
    nobody has all of a video before its end is stored.

    Attributes:
        frames: Stored so far.
        parts: The speech stored so far.
        choice: What is shown, and who speaks once one has begun to.
        whole: Nothing is missing.
    """

    def __init__(
        self,
        videos: Videos,
        objects: Objects,
        order: Order,
        video: Video,
        parts: list[SpeechPart],
        *,
        lease: timedelta,
    ) -> None:
        self.frames = video.frames
        self.parts = parts
        self.whole = False
        self._videos = videos
        self._objects = objects
        self._order = order
        self._video = video
        self.choice = video.choice
        if order.wish.text is not None and self.choice.language is None:
            # As the quote priced it: the worker might hear another language in a short text.
            self.choice = msgspec.structs.replace(self.choice, language=order.wish.language)
        language = self.choice.language
        self._sold = length_sold(order, language if language in LANGUAGES else None)
        self._lease = lease
        self._segments = video.segments
        self._offset = video.size  # 0 until there is an init
        self._playable = Playable(frames=video.playable_frames, size=video.playable_size)
        self._start = video.init
        self._inits = 0  # of the worker that is listened to

    def job(self) -> RenderRequest:
        """Say what is still to be rendered."""
        self._inits = 0
        return RenderRequest(
            order_id=self._order.id,
            choice=self.choice,
            text=self._order.wish.text,
            sample_rate=self._rate,
            spoken=self._spoken,
            first_frame=self.frames,
            told=tuple((part.samples, part.spoken) for part in self.parts),
            stage=self._order.wish.stage,
        )

    async def keep(self, record: Record, now: datetime) -> None:
        """Store a record: first its bytes, then the row that points to them.

        Raises:
            RenderFailed: The record does not continue what is stored, or ends it too early.
            RenderRefused: The text takes much longer than was sold.
            StoredByOthers: What is stored was made by workers of another kind.
            LeaseLost: Another attempt has taken over.
        """
        until = now + self._lease
        match record:
            case Speech():
                await self._speech(record, until)
            case Init():
                await self._init(record)
            case Segment():
                await self._segment(record, until)
            case End():
                self._check_end(record)
                await self._videos.finish(self._video, record.engine, now)
                self.whole = True

    async def _init(self, record: Init) -> None:
        self._inits += 1
        if self._inits > 1 or not record.data:
            raise RenderFailed(f"start {self._inits} of the MP4, of {len(record.data)} bytes")
        start = with_room(record.data, self._sold.longest)
        if self._offset == 0:
            await self._videos.add_init(self._video, msgspec.structs.replace(record, data=start))
            self._start = start
            self._offset = len(start)
            self._playable = Playable(frames=0, size=self._offset)
            self._bind(record)
        elif start != self._start:
            # The parameter sets are in it: pictures that are coded for others would be rubbish.
            raise StoredByOthers

    async def _speech(self, record: Speech, until: datetime) -> None:
        samples = len(record.pcm) // SAMPLE_BYTES
        self._check_speech(record, samples)
        name = self._name(f"speech-{len(self.parts)}")
        part = SpeechPart(samples=samples, sample_rate=record.sample_rate, spoken=record.spoken, object=name)
        playable = self._playable_with([*self.parts, part])
        await self._objects.put(name, record.pcm)
        await self._videos.add_speech(self._video, part, playable=playable, until=until)
        self.parts.append(part)
        self._playable = playable
        self._bind(record)

    async def _segment(self, record: Segment, until: datetime) -> None:
        if self._offset == 0 or record.first_frame != self.frames or record.frames < 1 or not record.data:
            raise RenderFailed(f"a segment from frame {record.first_frame}, {self.frames} are there")
        end = self.frames + record.frames
        if end > self._known_frames:
            raise RenderFailed(f"{end} frames, of speech for {self._known_frames}")
        name = self._name(f"{self._segments}")
        part = SegmentPart(
            first_frame=self.frames,
            frames=record.frames,
            offset=self._offset,
            size=len(record.data),
            object=name,
        )
        before = Playable(frames=self.frames, size=self._offset)
        after = Playable(frames=end, size=self._offset + part.size)
        playable = after if end < self._known_frames else before
        await self._objects.put(name, record.data)
        await self._videos.add_segment(self._video, part, playable=playable, until=until)
        self._segments += 1
        self.frames, self._offset, self._playable = after.frames, after.size, playable

    def _check_speech(self, record: Speech, samples: int) -> None:
        """Believe speech that goes on where the last ended, and is about as long as was sold."""
        text = self._order.wish.text
        goes_on = (
            text is not None
            and self._spoken < record.spoken <= len(text)
            and record.first_sample == self._samples
            and record.sample_rate == (self._rate if self.parts else record.sample_rate)
            and record.sample_rate >= FPS
            and samples > 0
            and len(record.pcm) % SAMPLE_BYTES == 0
        )
        if text is None or not goes_on:
            raise RenderFailed(
                f"speech from sample {record.first_sample} for {record.spoken} characters,"
                f" {self._samples} samples for {self._spoken} are there"
            )
        frames = frames_of(self._samples + samples, record.sample_rate)
        if frames > self._sold.longest:
            raise RenderRefused(TOO_LONG.format(sold=self._order.wish.duration_ms / 1000))
        if record.spoken == len(text) and frames < self._sold.shortest:
            raise RenderFailed(f"speech of {frames} frames, at least {self._sold.shortest} were sold")

    def _check_end(self, record: End) -> None:
        """Believe the end of a video that shows all of the speech, which says all of the text."""
        says_all = self._order.wish.text is None or self._spoken == len(self._order.wish.text)
        if not says_all or not record.frames == self.frames == self._known_frames or not self.frames:
            raise RenderFailed(
                f"an end after {record.frames} frames and {self._spoken} characters;"
                f" {self.frames} of {self._known_frames} frames are there"
            )
        if record.samples is not None and frames_of(record.samples, self._rate) != self.frames:
            raise RenderFailed(f"an end after {record.samples} samples, with {self.frames} frames")

    def _playable_with(self, parts: list[SpeechPart]) -> Playable:
        """Tell what may be handed out once there is so much speech: it may not end with what is stored."""
        if self.frames < _frames_in(parts):
            return Playable(frames=self.frames, size=self._offset)
        return self._playable

    @property
    def _known_frames(self) -> int:
        """Frames that are to come at least: of a recording all, of a text those of the speech that is stored."""
        return self._sold.longest if self._order.wish.text is None else _frames_in(self.parts)

    @property
    def _samples(self) -> int:
        return sum(part.samples for part in self.parts)

    @property
    def _spoken(self) -> int:
        return self.parts[-1].spoken if self.parts else 0

    @property
    def _rate(self) -> int:
        return self.parts[-1].sample_rate if self.parts else SAMPLE_RATE

    def _bind(self, record: Speech | Init) -> None:
        """Have the next worker speak as this one does."""
        self.choice = self.choice.filled_by(Choice(language=record.language, voice=record.voice))

    def _name(self, piece: str) -> str:
        """Name a piece. By attempt: one that was taken over may still be writing."""
        return f"{pieces_folder(self._video.id)}{self._video.attempt}-{piece}"


def _frames_in(parts: list[SpeechPart]) -> int:
    return frames_of(sum(part.samples for part in parts), parts[-1].sample_rate) if parts else 0
