"""The moves that an order and its video may make."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from service.errors import ChoiceContradictsQuote, ChoiceFixed, InvalidRequest
from service.orders.choice import Choice
from service.orders.order import Order, Status
from service.orders.video import Video, VideoState
from service.orders.wish import Wish
from service.runtime.clock import from_millis, to_millis

NOW = datetime(2026, 1, 1, tzinfo=UTC)
WANTED = Choice(avatar="arab_man", emotion="happy")


@pytest.fixture
def order() -> Order:
    return Order(
        id=1, status=Status.PENDING, amount_sat=1, usd_micros=1,
        wish=Wish(text="hi", upload=None, duration_ms=1000, choice=Choice(language="de")),
        created_at=NOW, expires_at=NOW + timedelta(minutes=15),
    )  # fmt: skip


@pytest.fixture
def video() -> Video:
    return Video(
        id=1, order_id=1, state=VideoState.RENDERING, attempt=1, edition=0, tries=0, tried_at=None, queued_at=None,
        lease_until=NOW + timedelta(seconds=90), failure=None, refused=False, base_frames=0, choice=WANTED, init=None,
        segments=0, frames=0, size=0, playable_frames=0, playable_size=0, object=None, finished_at=None,
        delivered_at=None,
    )  # fmt: skip


def test_a_delivery_gets_what_the_quote_and_the_request_name_together(order):
    assert Choice(avatar="arab_man", emotion="happy", language="de") == order.deliver(WANTED)


def test_a_delivery_cannot_name_what_the_quote_does_not(order):
    with pytest.raises(ChoiceContradictsQuote):
        order.deliver(msgspec.structs.replace(WANTED, language="en"))


def test_a_delivery_needs_an_avatar_and_an_emotion(order):
    with pytest.raises(InvalidRequest):
        order.deliver(Choice(avatar="arab_man"))


@pytest.mark.parametrize(
    ("status", "after_s", "overdue"), [("pending", 899, False), ("pending", 900, True), ("paid", 900, False)]
)
def test_only_a_pending_order_past_its_time_is_overdue(order, status, after_s, overdue):
    order = msgspec.structs.replace(order, status=Status(status))

    assert overdue == order.overdue(NOW + timedelta(seconds=after_s))


def test_a_render_whose_lease_ran_out_is_interrupted(video):
    assert VideoState.RENDERING is video.state_at(NOW)
    assert VideoState.INTERRUPTED is video.state_at(NOW + timedelta(seconds=90))


def test_a_video_that_is_rendered_admits_its_choice_only(video):
    video.admits(WANTED, NOW)
    video.admits(Choice(avatar="arab_man"), NOW)
    with pytest.raises(ChoiceFixed):
        video.admits(Choice(avatar="arab_woman"), NOW)


def test_an_attempt_that_stored_nothing_admits_any_choice(video):
    video.admits(Choice(avatar="arab_woman"), NOW + timedelta(seconds=90))


def test_a_stored_segment_fixes_the_choice_for_ever(video):
    stored = msgspec.structs.replace(video, segments=1, state=VideoState.INTERRUPTED)

    with pytest.raises(ChoiceFixed):
        stored.admits(Choice(avatar="arab_woman"), NOW + timedelta(days=1))


def test_a_moment_survives_storage_to_the_millisecond():
    moment = datetime(2026, 1, 1, 12, 30, 15, 123_000, tzinfo=UTC)

    assert moment == from_millis(to_millis(moment))
