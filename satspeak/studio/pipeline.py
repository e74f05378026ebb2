"""The steps from a prompt and a script to a film, of which each is kept once it is done.

So a pipeline that was interrupted goes on where it was, and what was paid for is not paid for again: a step that
was begun has a key, under which the service does it once.
"""

import asyncio
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from satspeak.client.errors import Problem, ServiceRefused
from satspeak.studio.a2e import A2E, PAUSE_S

READY = {"ready", "trained", "succeeded", "completed"}
BROKEN = {"failed", "error"}

LONGEST_S = 30 * 60
"""For an avatar, and for a video."""

STATE = "studio.json"

BACKGROUND_LINES = 480
"""The space in which A2E says where things are: as high, whatever the video's resolution."""

PERSON_WIDTH = 270

Say = Callable[[str], None]


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be made."""

    name: str
    gender: str
    prompt: str
    script: str
    voice_id: str
    width: int
    height: int
    resolution: int
    lip_sync: bool


class State(msgspec.Struct, kw_only=True):
    """What is done of it; None and False are still to do."""

    wish: Wish
    keys: dict[str, str] = {}
    portrait_url: str | None = None
    portrait: str | None = None  # file
    approved: bool = False
    avatar_id: str | None = None
    trained: bool = False
    refined: bool = False
    speech_url: str | None = None
    video_id: str | None = None
    video_url: str | None = None
    video: str | None = None  # file


class Elsewhere(Exception):
    """The folder has the pipeline of another wish."""


class Pipeline:
    """One film on its way.

    Args:
        service: Who makes it.
        folder: Of the files, and of what is done.
        wish: What is made.
        say: Tells people what happens.
        approve: Asks whether the portrait pleases; raises where it does not.
    """

    def __init__(
        self, service: A2E, folder: Path, wish: Wish, *, say: Say, approve: Callable[[Path], None]
    ) -> None:
        self._service = service
        self._folder = folder
        self._say = say
        self._approve = approve
        self.state = _begun(folder / STATE, wish)

    async def run(self) -> State:
        """Do all that is not done yet.

        Raises:
            satspeak.client.SatspeakError: A step cannot be done, or not now; run again to go on.
            OSError: A file cannot be written.
        """
        steps = (
            ("Drawing a portrait of the prompt", self._draw),
            ("Making an avatar of the portrait", self._train),
            ("Sharpening the avatar's lips", self._refine),
            ("Speaking the script", self._speak),
            ("Filming the avatar", self._film),
            ("Saving the video", self._save),
        )
        for number, (what, step) in enumerate(steps, 1):
            self._say(f"[{number}/{len(steps)}] {what}…")
            await step()
            self._keep()
        return self.state

    async def _draw(self) -> None:
        state, wish = self.state, self.state.wish
        if state.portrait_url is None:
            drawn = await self._post(
                "userText2image/start",
                {
                    "name": wish.name,
                    "prompt": wish.prompt,
                    "req_key": "satspeak",
                    "width": wish.width,
                    "height": wish.height,
                },
            )
            state.portrait_url = _first(drawn.get("image_urls"), "The service has drawn no picture.")
            self._keep()
            if ignored := drawn.get("ignored_words"):
                self._say(f"      not used of the prompt: {', '.join(map(str, ignored))}")
        if state.portrait is None:
            file = self._folder / f"avatar{Path(state.portrait_url).suffix or '.jpg'}"
            file.write_bytes(await self._service.read(state.portrait_url))
            state.portrait = str(file)
        self._say(f"      {state.portrait}")
        if not state.approved:
            self._keep()
            self._approve(Path(state.portrait))
            state.approved = True

    async def _train(self) -> None:
        state, wish = self.state, self.state.wish
        if state.avatar_id is None:
            begun = await self._post(
                "userVideoTwin/startTraining",
                {
                    "name": wish.name,
                    "gender": wish.gender,
                    "image_url": state.portrait_url,
                    "prompt": wish.prompt,
                    "skipPreview": True,
                },
            )
            state.avatar_id = str(begun["_id"])
            self._keep()
        if not state.trained:
            await self._ready(state.avatar_id)
            state.trained = True

    async def _refine(self) -> None:
        state = self.state
        if not state.wish.lip_sync:
            self._say("      not wished for: --lip-sync does it")
            return
        if not state.refined:
            assert state.avatar_id is not None
            await self._post("userVideoTwin/continueTranining", {"_id": state.avatar_id})
            await self._ready(state.avatar_id)
            state.refined = True

    async def _speak(self) -> None:
        state, wish = self.state, self.state.wish
        if state.speech_url is None:
            state.speech_url = str(
                await self._post(
                    "video/send_tts", {"msg": wish.script, "tts_id": wish.voice_id, "speechRate": 1}
                )
            )
        self._say(f"      {state.speech_url}")

    async def _film(self) -> None:
        state, wish = self.state, self.state.wish
        if state.video_id is None:
            assert state.avatar_id is not None
            found = await self._service.get(
                "anchor/character_list", user_video_twin_id=state.avatar_id, type="custom"
            )
            anchor = _first(found, "The service does not list the avatar.")
            wide = BACKGROUND_LINES * 16 // 9
            begun = await self._post(
                "video/generate",
                {
                    "title": wish.name,
                    "anchor_id": anchor["_id"],
                    "anchor_type": 1,
                    "audioSrc": state.speech_url,
                    "resolution": wish.resolution,
                    "web_bg_width": wide,
                    "web_bg_height": BACKGROUND_LINES,
                    "web_people_width": PERSON_WIDTH,
                    "web_people_height": BACKGROUND_LINES,
                    "web_people_x": (wide - PERSON_WIDTH) // 2,
                    "web_people_y": 0,
                    "isSkipRs": True,
                    "isCaptionEnabled": False,
                },
            )
            state.video_id = str(begun["_id"])
            self._keep()
        if state.video_url is None:
            state.video_url = await self._filmed(state.video_id)
        self._say(f"      {state.video_url}")

    async def _save(self) -> None:
        state = self.state
        if state.video is None:
            assert state.video_url is not None
            file = self._folder / f"video{Path(state.video_url).suffix or '.mp4'}"
            file.write_bytes(await self._service.read(state.video_url))
            state.video = str(file)
        self._say(f"      {state.video}")

    async def _ready(self, avatar_id: str) -> None:
        """Wait until an avatar is."""
        told = ""
        async with asyncio.timeout(LONGEST_S):
            while True:
                avatar = await self._service.get(f"userVideoTwin/{avatar_id}")
                status = str(avatar.get("current_status", ""))
                if status != told:
                    self._say(f"      {status}")
                    told = status
                if status in READY:
                    return
                if status in BROKEN:
                    self._again("userVideoTwin/startTraining", "userVideoTwin/continueTranining")
                    raise _failed(avatar.get("failed_message"), "The avatar could not be made.")
                await asyncio.sleep(PAUSE_S)  # there is nothing to wait on

    async def _filmed(self, video_id: str) -> str:
        """Wait until a video is whole; where it is."""
        told = -1
        async with asyncio.timeout(LONGEST_S):
            while True:
                found = _first(
                    await self._service.post("video/awsResult", {"_id": video_id}),
                    "The service does not know the video any more.",
                )
                if found.get("status") == "success":
                    return str(found["result"])
                if found.get("status") == "failed":
                    self.state.video_id = None
                    self._again("video/generate")
                    raise _failed(found.get("failed_message"), "The video could not be made.")
                if (done := int(found.get("process") or 0)) != told:
                    self._say(f"      {done} %")
                    told = done
                await asyncio.sleep(PAUSE_S)  # there is nothing to wait on

    async def _post(self, path: str, body: dict[str, Any]) -> Any:
        """Have a step done, once."""
        key = self.state.keys.setdefault(path, str(uuid.uuid4()))
        self._keep()  # before it is used
        return await self._service.post(path, body, key=key)

    def _again(self, *paths: str) -> None:
        """Forget the keys of what failed: the next run has it done anew."""
        for path in paths:
            self.state.keys.pop(path, None)
        if "userVideoTwin/startTraining" in paths and not self.state.trained:
            self.state.avatar_id = None
        self._keep()

    def _keep(self) -> None:
        """Write down what is done, whole or not at all."""
        making = self._folder / f".{STATE}"
        making.write_bytes(msgspec.json.format(msgspec.json.encode(self.state), indent=2))
        making.replace(self._folder / STATE)


def _begun(file: Path, wish: Wish) -> State:
    """Read what is done of a wish; nothing is of a new one."""
    if not file.exists():
        return State(wish=wish)
    try:
        state = msgspec.json.decode(file.read_bytes(), type=State)
    except msgspec.MsgspecError as error:
        raise Elsewhere(f"{file} cannot be read: {error}. Name another folder by --out.") from error
    if state.wish != wish:
        raise Elsewhere(
            f"{file} is of another wish, for {state.wish.name!r}. Name another folder by --out, or delete that file."
        )
    return state


def _first(found: Any, otherwise: str) -> Any:
    if not isinstance(found, list) or not found:
        raise ServiceRefused(200, Problem(detail=otherwise))
    return found[0]


def _failed(told: object, otherwise: str) -> ServiceRefused:
    return ServiceRefused(200, Problem(detail=str(told or otherwise)))
