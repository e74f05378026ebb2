"""What the bench says about finished files, by the readers that every machine has."""

import pytest

from bench.files import Film, Finding, libavformat, make, opencv


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    return make(tmp_path_factory.mktemp("films"), 40, 16_000)


@pytest.mark.parametrize("reader", [libavformat, opencv])
def test_a_finished_file_is_as_long_as_it_is_and_shows_what_is_sought(film, reader):
    assert reader(film) == Finding(length_ms=1_600)


@pytest.mark.parametrize("reader", [libavformat, opencv])
def test_a_file_that_shows_other_frames_is_found_out(film, reader):
    other = Film(frames=20, path=film.path)

    assert reader(other).length_ms == 1_600
    assert reader(Film(frames=200, path=film.path)).wrong_seeks > 0
