"""Stages: what is sold, for how much, and that a worker is asked for exactly what was bought."""

import json
import uuid

import msgspec
import pytest

from service.assembly.stores import open_accounts
from service.errors import InvalidRequest
from service.l402 import wishes
from service.orders.choice import Choice
from service.orders.stage import Box, Stage, paced
from service.orders.wish import Wish
from service.pricing.canvases import parse_canvases
from service.quotes.staging import furnished, staged
from service.quotes.terms import Terms

TEXT = "Hello there, my dear friend."
WISH = {"text": TEXT, "avatar": "arab_woman", "emotion": "happy", "language": "en"}
HD = {"width": 1280, "height": 720, "background": "#1f3b57"}
FULL_HD = {"width": 1920, "height": 1080}

PLAIN_FIELDS = {
    "type", "order", "avatar", "emotion", "language", "voice", "text", "sample_rate", "spoken", "first_frame",
}  # fmt: skip


async def estimated(shop, stage=None):
    body = WISH if stage is None else {**WISH, "stage": stage}
    answer = await shop.http.post("/lightning/estimate", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize(
    ("stage", "percent"),
    [
        (None, 100),
        (Stage(), 100),
        (Stage(width=1280, height=720), 100),
        (Stage(width=720, height=1280), 100),
        (Stage(width=1282, height=720), 150),
        (Stage(width=1080, height=1080), 150),
        (Stage(width=1080, height=1920), 150),
        (Stage(width=3840, height=2160), 600),
        (Stage(width=2160, height=2160), 600),
    ],
)
def test_a_canvas_costs_what_its_pixels_cost_whatever_its_shape(stage, percent):
    assert staged(stage, Terms()).percent == percent


def test_a_stage_like_none_is_none_so_that_the_same_wish_is_the_same_order():
    assert staged(Stage(), Terms()).stage is None
    assert staged(Stage(speed=1.001), Terms()).stage is None


@pytest.mark.parametrize(
    ("stage", "field"),
    [
        (Stage(width=4096, height=4096), "stage"),
        (Stage(person=Box(x=512, y=0, width=64, height=64)), "stage.person"),
        (Stage(person=Box(x=0, y=-64, width=64, height=64)), "stage.person"),
        (Stage(person=Box(x=500, y=0, width=1000, height=100)), "stage.person"),
        (Stage(person=Box(x=-990, y=0, width=1000, height=100)), "stage.person"),
        (Stage(person=Box(x=0, y=-1, width=32, height=2000)), "stage.person"),
    ],
)
def test_what_cannot_be_shown_is_not_sold(stage, field):
    with pytest.raises(InvalidRequest) as refused:
        staged(stage, Terms())

    assert refused.value.field == field


@pytest.mark.parametrize(
    "person",
    [
        Box(x=-256, y=-256, width=1024, height=1024),
        Box(x=480, y=480, width=512, height=512),
        Box(x=-20, y=0, width=32, height=512),
    ],
)
def test_a_person_of_whom_a_part_is_seen_is_sold(person):
    assert staged(Stage(person=person), Terms()).stage == Stage(person=person)


@pytest.mark.parametrize("background", ["red", "#1f3b5", "#1f3b57\n", " #1f3b57", "ab" * 32 + "\n"])
async def test_a_background_that_no_worker_takes_is_refused_in_words(shop, background):
    answer = await shop.http.post(
        "/lightning/request-video/text", json={**WISH, "stage": {"background": background}}
    )

    assert (answer.status_code, answer.json()["field"]) == (400, "stage")
    assert answer.json()["detail"] == (
        "This text is not written as the description of its field has it - at '$.stage.background'."
    )


@pytest.mark.parametrize(
    "table", ["", "720=1", "720p=0.5", "1080p=2,720p=1", "720p=2,1080p=1", "720p=1,720p=1", "720p=1.555"]
)
def test_a_table_of_prices_that_is_none_is_refused_at_the_start(table):
    with pytest.raises(ValueError, match="SATSPEAK_CANVAS_PRICES"):
        parse_canvases(table)


async def test_what_several_videos_show_is_fetched_once():
    fetched = []

    class Fetching:
        async def bring(self, account_id, address):
            fetched.append((account_id, address))
            return "ab" * 32

    stage = Stage(background="https://example.com/office.jpg")
    brought: dict[str, str] = {}
    together = [await furnished(stage, Terms(), Fetching(), 7, brought=brought) for _ in range(2)]
    alone = await furnished(stage, Terms(), Fetching(), 7)

    assert fetched == [(7, "https://example.com/office.jpg")] * 2
    assert [*together, alone] == [alone] * 3


def test_what_is_billed_is_rounded_up():
    wish = Wish(text="", upload=None, duration_ms=1001, choice=Choice(), percent=150)

    assert wish.billed_ms == 1502
    assert paced(1000, Stage(speed=1.25)) == 800
    assert paced(1001, Stage(speed=1.25)) == 801
    assert paced(1001, Stage(speed=0.8)) == 1252
    assert paced(1001, None) == 1001


def test_a_credential_is_good_for_its_stage_alone_and_those_of_before_stages_stay_good():
    choice = Choice(avatar="ann", emotion="neutral")

    plain = wishes.of_text("/l402/video", TEXT, choice)

    # What the version before stages made of it.
    assert plain == "d037a6a1bbf38841edd156074998ae8e8cb74ef9280ddb2264eb6c6ab94d3a19"
    assert plain != wishes.of_text("/l402/video", TEXT, choice, Stage(width=1280, height=720))
    assert plain == wishes.of_text("/l402/video", TEXT, choice, None)


async def test_an_estimate_tells_what_the_canvas_costs(shop):
    plain, hd, full = [await estimated(shop, stage) for stage in (None, HD, FULL_HD)]

    assert (plain["canvas_price"], hd["canvas_price"], full["canvas_price"]) == (1, 1, 1.5)
    assert plain["amount_usd"] == hd["amount_usd"]
    assert full["amount_usd"] == pytest.approx(1.5 * plain["amount_usd"], abs=1e-5)  # rounded up
    assert plain["duration"] == full["duration"]


async def test_who_speaks_faster_is_shorter_and_cheaper(shop):
    plain, fast, slow = [await estimated(shop, stage) for stage in (None, {"speed": 1.25}, {"speed": 0.8})]

    assert fast["amount_usd"] == pytest.approx(plain["amount_usd"] / 1.25, abs=2e-5)
    assert slow["amount_usd"] == pytest.approx(plain["amount_usd"] / 0.8, abs=2e-5)
    assert fast["duration"] < plain["duration"] < slow["duration"]


async def test_a_worker_is_asked_for_the_stage_that_was_bought_and_without_one_for_what_it_always_was(
    shop, worker
):
    for stage in (None, HD):
        invoice = await shop.paid(**WISH, **({} if stage is None else {"stage": stage}))
        answer = await shop.video(invoice, language="en")
        assert answer.status_code == 200

    plain, staged_ = worker.requests
    assert set(plain) == PLAIN_FIELDS
    assert set(staged_) == PLAIN_FIELDS | {"stage"}
    assert staged_["stage"] == {**HD, "person": None, "captions": False, "speed": 1.0}


async def test_a_render_that_is_taken_up_again_has_the_same_stage(shop, worker):
    worker.fail_after = 2
    invoice = await shop.paid(**WISH, stage=HD)
    await shop.download(invoice, language="en")
    worker.fail_after = None

    assert (await shop.video(invoice, language="en")).status_code == 200

    first, second = worker.requests[0], worker.requests[-1]
    assert second["first_frame"] > first["first_frame"] == 0
    assert second["stage"] == first["stage"]


async def test_the_form_of_a_recording_brings_its_stage_as_json(shop, worker, make_wav):
    async def ask(stage):
        return await shop.http.post(
            "/lightning/request-video/audio",
            files={"audio": make_wav(1)},
            data={"avatar": "arab_woman", "emotion": "happy", "stage": stage},
        )

    answer = await ask(json.dumps(HD))
    assert answer.status_code == 200, answer.text
    shop.node.pay(answer.json()["bolt11_invoice"])
    assert (await shop.video(answer.json()["bolt11_invoice"])).status_code == 200
    assert worker.requests[-1]["stage"]["background"] == "#1f3b57"

    for wrong in ("{", '{"speed": 1.1}', '{"width": 1}', '{"colour": "red"}'):
        refused = await ask(wrong)
        assert refused.status_code == 400, refused.text


async def test_a_stage_that_is_not_sold_is_refused_before_any_money_moves(shop):
    wrong: list[object] = [
        {"width": 641},
        {"width": 32},
        {"height": 5000},
        {"background": "red"},
        {"background": "#12345"},
        {"background": "0" * 64},
        {"background": "https://example.com/a.png"},
        {"fit": "stretch"},
        {"speed": 1.3},
        {"speed": 0.79},
        {"colour": "#123456"},
        {"person": {"x": 0, "y": 0, "width": 10, "height": 10}},
        {"width": 4096, "height": 4096},
        "720p",
    ]
    for stage in wrong:
        for path in ("/lightning/estimate", "/lightning/request-video/text", "/l402/video", "/inference"):
            answer = await shop.http.post(path, json={**WISH, "stage": stage})
            assert answer.status_code == 400, (path, stage, answer.text)


async def test_an_account_pays_for_its_canvas_what_was_set_aside_at_most(shop, worker):
    async with open_accounts(shop.settings()) as holders:
        number = await holders.video_time.create(uuid.uuid4().hex)
        account = await holders.accounts.get(number)
        assert account is not None
        await holders.video_time.grant(account, 60_000)
        headers = {"Authorization": f"Bearer {await holders.keys.create('test', account_id=number)}"}

    async def used(**wish):
        before = (await shop.http.get("/account", headers=headers)).json()["used_ms"]
        answer = await shop.http.post("/inference", json={**WISH, **wish}, headers=headers)
        assert answer.status_code == 200, answer.text
        after = (await shop.http.get("/account", headers=headers)).json()
        assert after["reserved_ms"] == 0
        return after["used_ms"] - before

    assert await used() == 1920
    assert await used(stage=HD) == 1920
    assert await used(stage=FULL_HD) == 2880
    assert worker.requests[-1]["stage"]["width"] == 1920

    worker.pictures["/finish"] = "webm, or so"
    told = (await shop.http.post("/inference", json=WISH, headers=headers)).json()
    made = await shop.http.get(told["mp4_url"], params={"format": "webm"})
    assert (made.json(), made.headers["content-type"]) == ("webm, or so", "video/webm")


async def test_a_challenge_is_for_the_price_of_the_canvas_and_its_credential_for_that_canvas(shop, worker):
    async def ask(wish, **headers):
        return await shop.http.post("/l402/video", json=wish, headers=headers)

    plain, full = await ask(WISH), await ask({**WISH, "stage": FULL_HD})
    assert plain.status_code == full.status_code == 402
    dearer = 1.5 * plain.json()["amount_usd"]
    assert full.json()["amount_usd"] == pytest.approx(dearer, abs=1e-5)  # rounded up

    preimage = shop.node.pay(plain.json()["bolt11_invoice"])
    shown = {"Authorization": f"L402 {plain.json()['macaroon']}:{preimage.hex()}"}
    assert (await ask({**WISH, "stage": FULL_HD}, **shown)).status_code == 402
    assert (await ask(WISH, **shown)).status_code == 200


def test_a_stage_comes_back_from_json_as_it_was():
    stage = Stage(width=1280, height=720, person=Box(x=-4, y=0, width=700, height=720), speed=1.1)

    assert msgspec.json.decode(msgspec.json.encode(stage), type=Stage) == stage
