"""Where uploads and videos are kept: a folder and a bucket behave alike."""

import asyncio
import os
import socket
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from service.errors import Unavailable
from service.storage.objects import FolderObjects, bucket_objects

LARGE = 12_000_000
"""More than a bucket takes at once."""


@pytest.fixture(params=["folder", "bucket"])
def objects(request, tmp_path):
    if request.param == "folder":
        return FolderObjects(tmp_path)
    url = urlsplit(request.getfixturevalue("objects_url"))
    return bucket_objects(url.netloc, url.path.strip("/"))


async def content(objects, name, start=0, end=None):
    return b"".join([chunk async for chunk in objects.read(name, start, end)])


async def test_what_was_put_is_read_whole_and_in_ranges(objects):
    await objects.put("a/b", b"0123456789")

    assert await content(objects, "a/b") == b"0123456789"
    assert await content(objects, "a/b", 3, 6) == b"345"
    assert await content(objects, "a/b", 8) == b"89"


async def test_what_comes_in_pieces_is_one_object(objects):
    async def pieces():
        for n in range(LARGE // 300_000):
            yield bytes([n]) * 300_000

    await objects.put("large", pieces())

    assert b"".join([piece async for piece in pieces()]) == await content(objects, "large")
    assert bytes([39]) == await content(objects, "large", LARGE - 1)


async def test_what_was_not_put_whole_is_not_there(objects):
    async def pieces():
        yield b"begun"
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await objects.put("half", pieces())

    with pytest.raises(FileNotFoundError):
        await content(objects, "half")


async def test_a_folder_is_deleted_and_nothing_beside_it(objects):
    for name in ("pieces/1/0", "pieces/1/1", "pieces/11/0", "videos/1.mp4"):
        await objects.put(name, b"x")

    await objects.delete("pieces/1/")
    await objects.delete("pieces/1/")
    await objects.delete("videos/2.mp4")

    assert await content(objects, "pieces/11/0") == b"x"
    assert await content(objects, "videos/1.mp4") == b"x"
    for name in ("pieces/1/0", "pieces/1/1"):
        with pytest.raises(FileNotFoundError):
            await content(objects, name)


async def test_a_folder_that_two_delete_at_once_is_gone(objects):
    names = [f"pieces/1/{number}" for number in range(600)]
    await asyncio.gather(*(objects.put(name, b"x") for name in names))

    await asyncio.gather(*(objects.delete("pieces/1/") for _ in range(4)))

    assert [page async for page in objects.list("pieces/1/")] in ([], [[]])


async def test_an_object_has_a_size_or_is_not_there(objects):
    await objects.put("a/b", b"0123456789")

    assert await objects.size("a/b") == 10
    with pytest.raises(FileNotFoundError):
        await objects.size("a/c")


async def test_the_disk_keeps_a_file_and_the_name_of_each_new_folder_above_it(tmp_path, monkeypatch):
    synced, fsync = [], os.fsync

    def note(descriptor: int) -> None:
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink())
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", note)
    root = tmp_path / "data" / "objects"

    await FolderObjects(root).put("pieces/7/1-0", b"x")

    file = root / "pieces" / "7" / "1-0"
    assert [file, *file.parents[:4]] == synced


async def test_one_object_is_deleted_and_none_whose_name_begins_so(objects):
    for name in ("videos/1.mp4", "videos/1.mp4.old", "videos/11.mp4"):
        await objects.put(name, b"x")

    await objects.delete("videos/1.mp4")
    await objects.delete("videos/1.mp4")

    with pytest.raises(FileNotFoundError):
        await content(objects, "videos/1.mp4")
    assert await content(objects, "videos/1.mp4.old") == b"x"
    assert await content(objects, "videos/11.mp4") == b"x"


async def test_to_delete_one_object_no_folder_is_listed(objects, monkeypatch):
    await objects.put("videos/1.mp4", b"x")
    monkeypatch.setattr("obstore.list", None)

    await objects.delete("videos/1.mp4")

    with pytest.raises(FileNotFoundError):
        await content(objects, "videos/1.mp4")


async def test_a_bucket_that_does_not_answer_is_told_from_an_object_that_is_not_there(
    objects_url, monkeypatch
):
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{nobody.getsockname()[1]}")
    objects = bucket_objects("bucket", "shop", patience=timedelta(seconds=0.5))

    with pytest.raises(Unavailable):
        await content(objects, "a")
    with pytest.raises(Unavailable):
        await objects.put("a", b"x")
