"""What a machine of stories tells where something fails."""

import itertools

import pytest
from anyio.from_thread import start_blocking_portal
from hypothesis import strategies as st
from hypothesis.errors import Flaky
from hypothesis.stateful import invariant

from tests.service.machines import Machine, run, step


@pytest.fixture
def portal():
    with start_blocking_portal() as portal:
        yield portal


def test_a_failure_that_does_not_come_again_is_told_with_its_story(portal):
    stories = itertools.count()

    class Once(Machine):
        def __init__(self) -> None:
            super().__init__(portal)
            self.first = next(stories) == 0
            self.sum = 0

        @step(n=st.integers(1, 3))
        async def add(self, n):
            self.sum += n

        @invariant()
        def small(self):
            self.call(self.look)

        async def look(self):
            assert not self.first or self.sum < 9, "too much"

    with pytest.raises(AssertionError, match="too much") as failed:
        run(Once, full=False)

    [note] = failed.value.__notes__
    assert "add {'n': " in note
    assert note.endswith("look")
    assert isinstance(failed.value.__cause__, Flaky)


def test_the_first_failure_is_told_and_not_what_came_of_it_when_all_was_put_away(portal):
    class Twice(Machine):
        def __init__(self) -> None:
            super().__init__(portal)

        @step()
        async def break_down(self):
            raise ValueError("at first")

        def teardown(self):
            self.call(self.end)

        async def end(self):
            raise OSError("and therefore")

    with pytest.raises(ValueError, match="at first"):
        run(Twice, full=False)
