"""An avatar of somebody's own is lent to a worker, shown like any other, and told to nobody."""

import io
import json
import os
import tarfile

import httpx
import pytest

from tests.worker.conftest import WorkerProcess, write_avatar
from worker.lent import MAX_PACK_BYTES, Lent

NAME = "own_0123456789abcdef01234567"


def packed(folder, **changes):
    """The tar of a pack."""
    if changes:
        described = json.loads((folder / "avatar.json").read_text())
        (folder / "avatar.json").write_text(json.dumps({**described, **changes}))
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for file in sorted(folder.iterdir()):
            tar.add(file, arcname=file.name)
    return archive.getvalue()


def tar_of(name, content=b"{}", **fields):
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        member = tarfile.TarInfo(name)
        member.size = len(content)
        for field, value in fields.items():
            setattr(member, field, value)
        tar.addfile(member, io.BytesIO(content))
    return archive.getvalue()


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def worker(assets, cache):
    worker = WorkerProcess(assets, "--cache", str(cache))
    yield worker
    worker.stop()


@pytest.fixture
def pack(tmp_path):
    write_avatar(tmp_path / NAME, NAME, {"neutral": "pingpong"}, mouths=True)
    return tmp_path / NAME


def path(worker, name=NAME):
    return f"{worker.url}/avatars/{name}"


async def test_what_was_lent_is_shown_and_listed_nowhere(worker, pack):
    async with worker.client() as client:
        assert (await client.get(f"/avatars/{NAME}")).status_code == 404
        assert (await client.get(f"/avatars/{NAME}/neutral/portrait.jpg")).status_code == 400

        assert (await client.put(f"/avatars/{NAME}", content=packed(pack))).status_code == 204

        assert (await client.get(f"/avatars/{NAME}")).status_code == 204
        picture = await client.get(f"/avatars/{NAME}/neutral/portrait.jpg")
        assert picture.content.startswith(b"\xff\xd8")
        assert NAME not in (await client.get("/avatars")).text
        assert NAME not in (await client.get("/avatars/nobody/neutral/portrait.jpg")).text
    async with worker.render(b"\0\1" * 8000, avatar=NAME, emotion="neutral", sample_rate=16_000) as records:
        *_, end = [record async for record in records]
    assert end.frames == 13  # half a second


@pytest.mark.parametrize(
    ("archive", "reason"),
    [
        (b"no tar at all", "no tar"),
        (tar_of("../avatar.json"), "has no place"),
        (tar_of("/etc/passwd"), "has no place"),
        (tar_of("a.mp4", b"", type=tarfile.SYMTYPE, linkname="/etc/passwd"), "has no place"),
        (tar_of("avatar.json", b"[]"), "no pack"),
        (tar_of("a.mp4", b"\0" * (MAX_PACK_BYTES + 1)), "larger than"),
        (tar_of("a.mp4", b"\0"), "avatar.json"),
    ],
)
def test_what_is_no_pack_is_refused_and_leaves_nothing(worker, cache, archive, reason):
    name = "own_ffffffffffffffffffffffff"

    refused = httpx.put(path(worker, name), content=archive, timeout=30)

    assert refused.status_code == 400
    assert reason in refused.json()["detail"]
    assert str(cache) not in refused.text
    assert httpx.get(path(worker, name)).status_code == 404


@pytest.mark.parametrize("name", ["ann", "own_x", "own_0123456789ABCDEF01234567"])
def test_no_other_name_is_lent(worker, pack, name):
    assert httpx.put(path(worker, name), content=packed(pack, name=name)).status_code == 400


def test_a_pack_whose_film_is_another_is_refused(worker, pack):
    described = json.loads((pack / "avatar.json").read_text())
    emotion = described["emotions"]["neutral"]
    emotion["frames"], emotion["boxes"] = 24, emotion["boxes"][:24]

    refused = httpx.put(path(worker), content=packed(pack, **described))

    assert (refused.status_code, "frames" in refused.json()["detail"]) == (400, True)


def test_a_pack_whose_mattes_are_none_is_refused(worker, pack):
    described = json.loads((pack / "avatar.json").read_text())
    described["emotions"]["neutral"]["mattes"] = "nothing.mp4"

    refused = httpx.put(path(worker), content=packed(pack, **described))

    assert (refused.status_code, "nothing.mp4 is no film" in refused.json()["detail"]) == (400, True)


def test_what_was_used_longest_ago_gives_way(tmp_path, pack):
    (pack / "neutral.mp4").write_bytes(bytes(60_000))
    size = sum(file.stat().st_size for file in pack.iterdir())
    lent = Lent(tmp_path / "lent", limit_bytes=5 * size // 2, check=lambda _pack, _home: None)
    names = [f"own_{digit * 24}" for digit in "abc"]

    def keep(name):
        described = json.loads((pack / "avatar.json").read_text())
        (pack / "avatar.json").write_text(json.dumps({**described, "name": name}))
        lent.keep(name, io.BytesIO(packed(pack)))

    for name in names[:2]:
        keep(name)
    for age, name in enumerate(names[:2]):  # the second was used longest ago
        os.utime(tmp_path / "lent" / name, (1000 - age, 1000 - age))
    keep(names[2])

    assert [lent.find(name) is not None for name in names] == [True, False, True]
    assert sorted(home.name for home in (tmp_path / "lent").iterdir()) == [names[0], names[2]]
