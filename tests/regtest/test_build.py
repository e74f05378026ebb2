"""How the nodes are built, as far as it can be seen without building them anew."""

import asyncio
import fcntl

import pytest

from regtest.build import binaries, cache_folder
from regtest.errors import BuildFailed

pytestmark = pytest.mark.regtest


async def test_what_is_built_is_not_built_again(network):
    told: list[str] = []

    built = await binaries(told.append)

    assert told == []
    assert built.btcd.exists()
    assert built.lnd.exists()


async def test_without_a_network_the_error_names_the_module_and_the_remedy(tmp_path, monkeypatch):
    monkeypatch.setenv("GOPROXY", "http://127.0.0.1:9")  # nobody listens there
    monkeypatch.setenv("GOMODCACHE", str(tmp_path / "modules"))

    with pytest.raises(BuildFailed, match=r"module \S+@v\S+ could not be fetched .*GOPROXY"):
        await binaries(lambda _line: None, cache=tmp_path)

    assert list((tmp_path / "regtest").glob("b*-*")) == []  # neither half a build nor its scratch folder


async def test_a_second_builder_says_that_it_waits(tmp_path):
    told: asyncio.Queue[str] = asyncio.Queue()
    (tmp_path / "regtest").mkdir()
    with (tmp_path / "regtest" / "build.lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)

        waiting = asyncio.create_task(binaries(told.put_nowait, cache=tmp_path))

        assert "waiting for it" in await asyncio.wait_for(told.get(), timeout=10)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting


def test_the_cache_folder_can_be_chosen(tmp_path):
    assert tmp_path == cache_folder({"SATSPEAK_CACHE": str(tmp_path)})
    assert tmp_path / "satspeak" == cache_folder({"XDG_CACHE_HOME": str(tmp_path)})
