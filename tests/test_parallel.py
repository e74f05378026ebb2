"""How a run of everything is spread over processes."""

from pathlib import Path

from tests import parallel

ROOT = Path(__file__).parent.parent


def test_every_file_has_its_turn_once_and_the_longest_come_first():
    files = sorted(path.relative_to(ROOT) for path in (ROOT / "tests").rglob("test_*.py"))

    turns = list(parallel._in_turn(files))

    assert sorted(turns) == files
    assert turns[0].is_relative_to(parallel.WAITING)
    assert turns[1] == Path(parallel.LONGEST[0])


def test_what_is_said_to_take_longest_is_there():
    assert all((ROOT / path).exists() for path in (parallel.WAITING, *parallel.LONGEST))


def test_memory_is_counted_where_the_system_does_not_say_what_is_free(tmp_path):
    elsewhere = parallel._free_bytes(tmp_path / "no meminfo")

    assert elsewhere > 0
    assert elsewhere < 1 << 50
