"""Avatars that an operator added to some of the workers."""

import pytest

NOBODY = "http://127.0.0.1:1"
BOSS = {"avatar": "boss", "emotion": "stern"}


@pytest.fixture
async def shop_of_two(closed_shop, worker, second_worker, make_avatar):
    second_worker.avatars = [*worker.avatars, make_avatar("boss", "neutral", "stern")]
    async with closed_shop.open(worker_urls=f"{worker.url},{second_worker.url}") as shop:
        await shop.until_known("boss")
        yield shop


async def test_what_any_worker_can_show_is_listed_after_those_that_come_with_every_worker(shop_of_two):
    answer = (await shop_of_two.http.get("/avatars")).json()

    assert len(answer["avatars"]) == 15
    assert answer["avatars"][0] == {"name": "japanese_man", "label": "Japanese Man"}
    assert answer["avatars"][-1] == {
        "name": "boss",
        "label": "Boss",
        "emotions": ["neutral", "stern"],
        "gender": "female",
        "elderly": False,
    }
    assert answer["emotions"] == ["happy", "neutral", "serious"]


async def test_an_added_avatar_is_sold_and_rendered_by_the_worker_that_has_it(
    shop_of_two, worker, second_worker
):
    worker.active, second_worker.active = 0, 9
    invoices = [await shop_of_two.paid(**BOSS) for _ in range(2)]

    videos = [await shop_of_two.video(invoice, **BOSS) for invoice in invoices]

    assert [second_worker.video] * 2 == [video.content for video in videos]
    assert [request["avatar"] for request in second_worker.requests] == ["boss"] * 2
    assert worker.requests == []


async def test_a_render_waits_for_the_worker_that_has_its_avatar(shop_of_two, worker, second_worker):
    second_worker.answer = (503, "busy")
    invoice = await shop_of_two.paid(**BOSS)

    refused = await shop_of_two.video(invoice, **BOSS)
    second_worker.answer = None
    video = await shop_of_two.video(invoice, **BOSS)

    assert refused.status_code == 503
    assert second_worker.video == video.content
    assert worker.requests == []


@pytest.mark.parametrize(
    ("wish", "detail"),
    [
        (
            {"avatar": "boss", "emotion": "happy"},
            "Avatar 'boss' has no emotion 'happy'. Valid values: neutral, stern.",
        ),
        (
            {"avatar": "arab_man", "emotion": "stern"},
            "Avatar 'arab_man' has no emotion 'stern'. Valid values: happy, neutral, serious.",
        ),
        ({"emotion": "angry"}, "Unknown emotion 'angry'. Valid values: happy, neutral, serious, stern."),
    ],
)
async def test_what_an_avatar_cannot_show_is_refused_with_what_it_can(shop_of_two, wish, detail):
    quote = await shop_of_two.http.post("/lightning/request-video/text", json={"text": "Hello.", **wish})
    delivery = await shop_of_two.video(await shop_of_two.paid(), **wish)

    assert (quote.status_code, quote.json()["detail"]) == (400, detail)
    assert delivery.status_code == 400
    assert "avatar" not in wish or delivery.json()["detail"] == detail


async def test_an_emotion_that_fits_not_the_avatar_of_the_quote_is_refused_at_delivery(shop_of_two):
    invoice = await shop_of_two.paid(avatar="boss")

    answer = await shop_of_two.video(invoice, avatar="boss", emotion="happy")

    assert answer.status_code == 400
    assert "Valid values: neutral, stern" in answer.json()["detail"]


async def test_a_video_outlives_its_avatar(shop_of_two, second_worker, worker):
    invoice = await shop_of_two.paid(**BOSS)
    first = await shop_of_two.video(invoice, **BOSS)
    second_worker.avatars = worker.avatars
    await shop_of_two.until_known("boss", known=False)

    again = await shop_of_two.video(invoice, **BOSS)

    assert first.content == again.content


@pytest.fixture
async def lost(shop_of_two, second_worker, worker):
    """A paid order of an avatar that was there when it was sold; the workers say what real ones do."""
    invoice = await shop_of_two.paid(**BOSS)
    await shop_of_two.until(invoice, lambda payment: payment["status"] == "paid")
    second_worker.avatars = worker.avatars
    worker.answer = second_worker.answer = (400, "There is no avatar 'boss'.")
    await shop_of_two.until_known("boss", known=False)
    return invoice


async def test_who_paid_for_an_avatar_that_is_gone_is_offered_the_money(shop_of_two, lost):
    answer = await shop_of_two.video(lost, **BOSS)

    assert (answer.status_code, answer.json()["detail"]) == (400, "There is no avatar 'boss'.")
    assert (await shop_of_two.payment(lost))["refund"]["state"] == "offered"


async def test_who_paid_for_an_avatar_that_is_gone_has_the_video_once_it_is_back(
    shop_of_two, second_worker, make_avatar, lost
):
    await shop_of_two.video(lost, **BOSS)
    second_worker.avatars = [*second_worker.avatars, make_avatar("boss", "stern")]
    second_worker.answer = None
    await shop_of_two.until_known("boss")

    assert second_worker.video == (await shop_of_two.video(lost, **BOSS)).content


async def test_who_has_not_paid_for_an_avatar_that_is_gone_is_told_so_first(
    shop_of_two, second_worker, worker
):
    invoice = await shop_of_two.quote(**BOSS)
    second_worker.avatars = worker.avatars
    await shop_of_two.until_known("boss", known=False)

    answer = await shop_of_two.video(invoice, **BOSS)

    assert answer.status_code == 400
    assert "Unknown avatar 'boss'" in answer.json()["detail"]


async def test_those_that_come_with_every_worker_are_sold_while_none_answers(closed_shop):
    async with closed_shop.open(worker_urls=NOBODY) as shop:
        answer = (await shop.http.get("/avatars")).json()
        refused = await shop.http.post(
            "/lightning/request-video/text", json={"text": "Hi.", "avatar": "boss"}
        )

        assert await shop.quote(avatar="arab_man", emotion="happy")

    assert len(answer["avatars"]) == 14
    assert refused.status_code == 400


async def test_an_emotion_added_to_one_of_ours_is_told_of_it(closed_shop, worker, make_avatar):
    worker.avatars = [make_avatar("arab_man", "happy", "neutral", "serious", "stern")]
    async with closed_shop.open() as shop:
        [avatar] = (await shop.http.get("/avatars")).json()["avatars"]

    assert (avatar["label"], avatar["emotions"]) == ("Arab Man", ["happy", "neutral", "serious", "stern"])
