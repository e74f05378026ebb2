"""The guide, built once, and a service that serves it."""

import asyncio
import sys
from pathlib import Path

import pytest

from service.routes.pages import guide


@pytest.fixture(scope="module")
async def site(tmp_path_factory) -> Path:
    """The folder of the built guide."""
    out = tmp_path_factory.mktemp("guide") / "site"
    building = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "guide", "build", "--out", str(out),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await building.communicate()
    assert building.returncode == 0, said.decode()
    return out


def forget() -> None:
    guide._names.cache_clear()
    guide._file.cache_clear()


@pytest.fixture(scope="module")
async def guided(site, make_shop, tmp_path_factory):
    """A service with the guide."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("service.routes.pages.guide.FOLDER", site)
        forget()
        async with make_shop(tmp_path_factory.mktemp("guided")) as shop:
            yield shop
    forget()
