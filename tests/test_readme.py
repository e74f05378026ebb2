"""What the README says is there, and the paths that the architecture names."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


@pytest.mark.parametrize("name", sorted(set(re.findall(r"\]\((?!http)([^)#]+)\)", README))))
def test_every_file_that_it_links_to_exists(name):
    assert (ROOT / name).exists()


@pytest.mark.parametrize(
    "name",
    sorted(
        set(
            re.findall(
                r"`((?:service|lightning|worker|training|satspeak|regtest|bench|tests)/[^` *{…]*)`",
                (ROOT / "docs" / "architecture.md").read_text(),
            )
        )
    ),
)
def test_every_path_that_the_architecture_names_exists(name):
    assert (ROOT / name).exists()


def test_it_is_filled_in():
    assert not re.findall(r"\b(TODO|FIXME|TBD|FIGURES)\b", README)
