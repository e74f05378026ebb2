"""What MkDocs is told beyond `mkdocs.yml`: pages that are made of other files, and a site without inline scripts.

The theme writes some lines of script into each page. The guide's Content-Security-Policy lets none of them run, so each
becomes a file of the site.
"""

import hashlib
import re
from pathlib import Path, PurePosixPath

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from guide import api

ROOT = Path(__file__).parent.parent

_ELSEWHERE = {"SECURITY.md": "security.md", "CHANGELOG.md": "changelog.md"}
"""Files of the repository that are pages here."""

_INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_LINK = re.compile(r"\[([^\]]*)\]\(([^)\s]+)\)")
_ORIGIN = re.compile(r"^[a-z]+:|^[/#]")

_NOT_NEEDED = ("404.html", "assets/javascripts/lunr/**/*", "**/*.map", "sitemap.xml*")
"""Languages that the search does not speak, and what needs the address of the site, which nobody knows at the build."""

_MENDED = (
    # What axe-core calls a barrier: a dialog without a name, a heading of a table without words, and what is scrolled
    # but cannot be reached by the keyboard, as the theme's own wrapping of wide tables is.
    ('role="dialog">', 'role="dialog" aria-label="Search">'),
    ("<th></th>", "<td></td>"),
    ("<table>", '<div class="wide" tabindex="0"><table class="plain">'),
    ("</table>", "</table></div>"),
)

_scripts: dict[str, str] = {}


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Let no page be missed: one that `mkdocs.yml` has no place for comes before the changelog."""
    assert config.nav is not None
    placed = str(config.nav)
    missed = [path.name for path in sorted((ROOT / "docs").glob("*.md")) if f"'{path.name}'" not in placed]
    config.nav = [*config.nav[:-1], *missed, config.nav[-1]]
    return config


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add the pages that are made of other files."""
    made: dict[str, str | bytes] = {
        "security.md": (ROOT / "SECURITY.md").read_text(),
        "changelog.md": (ROOT / "CHANGELOG.md").read_text(),
        "api.md": api.reference(),
        "guide/guide.css": (ROOT / "guide" / "guide.css").read_text(),
        "guide/favicon.svg": (ROOT / "service" / "pages" / "static" / "favicon.svg").read_text(),
    }
    for name, content in made.items():
        files.append(File.generated(config, name, content=content))
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001
    """Have links lead to where things are here. What is in the repository alone is named and not linked."""
    from_root = page.file.src_uri in ("security.md", "changelog.md")

    def here(link: re.Match[str]) -> str:
        label, target = link.groups()
        named = label if "`" in label else f"`{label}`"
        if _ORIGIN.match(target):
            return link[0]
        path, _, anchor = target.partition("#")
        at = f"#{anchor}" if anchor else ""
        name = PurePosixPath(path)
        if not from_root:
            if name.parts[0] != "..":
                return named if (ROOT / "docs" / name).is_dir() else link[0]  # a folder has no page
            name = PurePosixPath(*name.parts[1:])
        if name.parts[0] == "docs":
            return f"[{_title(name) if label == path else label}]({PurePosixPath(*name.parts[1:])}{at})"
        if str(name) == "README.md":
            return f"[{label}](index.md)"
        if str(name) in _ELSEWHERE:
            return f"[{label}]({_ELSEWHERE[str(name)]}{at})"
        return named

    return _LINK.sub(here, markdown)


def on_post_page(output: str, *, page: Page, config: MkDocsConfig) -> str:  # noqa: ARG001
    """Move inline scripts into files."""
    return _without_inline(output, PurePosixPath(page.url))


def on_post_template(output_content: str, *, template_name: str, config: MkDocsConfig) -> str:  # noqa: ARG001
    """Move those of the page of what is not found as well."""
    return _without_inline(output_content, None) if template_name.endswith(".html") else output_content


def on_post_build(*, config: MkDocsConfig) -> None:
    """Write these files, and remove what no page uses."""
    site = Path(config.site_dir)
    for name, script in _scripts.items():
        (site / name).write_text(script)
    for pattern in _NOT_NEEDED:
        for path in site.glob(pattern):
            if path.is_file():
                path.unlink()


def _title(name: PurePosixPath) -> str:
    """Return the heading of a page, which says more to a reader of the guide than the name of its file."""
    return (ROOT / name).read_text().partition("\n")[0].removeprefix("# ")


def _without_inline(html: str, url: PurePosixPath | None) -> str:
    depth = len(url.parts) if url is not None else None

    for written, mended in _MENDED:
        html = html.replace(written, mended)

    def moved(found: re.Match[str]) -> str:
        script = found[1].strip()
        name = f"assets/javascripts/inline.{hashlib.sha256(script.encode()).hexdigest()[:12]}.js"
        _scripts[name] = script
        source = f"/guide/{name}" if depth is None else "../" * depth + name
        return f'<script src="{source}"></script>'

    return _INLINE.sub(moved, html)
