"""Avatars at rest, and one picture of a video: what the service asks of workers, keeps and says."""

import asyncio

import pytest

PORTRAIT = "/avatars/arab_woman/happy/portrait.jpg"
IDLE = "/avatars/arab_woman/happy/idle.mp4"


async def test_a_portrait_is_asked_for_once_and_kept(shop, worker):
    worker.pictures[PORTRAIT] = "a face"

    answers = await asyncio.gather(*(shop.http.get(PORTRAIT) for _ in range(5)))

    assert {answer.text for answer in answers} == {'"a face"'}
    assert answers[0].headers["Content-Type"] == "image/jpeg"
    assert "max-age" in answers[0].headers["Cache-Control"]
    assert worker.asked == [PORTRAIT]
    again = await shop.http.get(PORTRAIT, headers={"If-None-Match": answers[0].headers["ETag"]})
    assert again.status_code == 304


async def test_a_film_is_sent_in_parts_for_browsers_that_ask_so(shop, worker):
    worker.pictures[IDLE] = "0123456789"

    part = await shop.http.get(IDLE, headers={"Range": "bytes=1-3"})

    assert (part.status_code, part.content) == (206, b"012")
    assert part.headers["Content-Range"] == "bytes 1-3/12"
    assert part.headers["Content-Type"] == "video/mp4"


async def test_of_who_is_not_on_sale_no_worker_is_asked(shop, worker):
    worker.pictures |= dict.fromkeys(
        ["/avatars/nobody/happy/portrait.jpg", "/avatars/arab_woman/furious/idle.mp4"], "x"
    )

    for path in worker.pictures:
        assert (await shop.http.get(path)).status_code == 404
    assert worker.asked == []


async def test_a_worker_that_knows_no_pictures_is_no_fault(shop):
    assert (await shop.http.get(PORTRAIT)).status_code == 404
    assert (await shop.http.get("/")).status_code == 200


async def test_a_poster_is_made_of_the_start_of_a_video_and_kept(shop, worker):
    worker.pictures["/poster"] = "open mouth"
    invoice = await shop.paid()
    film = (await shop.video(invoice)).content

    poster = await shop.http.get(f"/lightning/video/{invoice}/poster.jpg")
    again = await shop.http.get(f"/lightning/video/{invoice}/poster.jpg")

    assert poster.text == again.text == '"open mouth"'
    assert (poster.status_code, poster.headers["Content-Type"]) == (200, "image/jpeg")
    assert worker.films == [film]


async def test_a_poster_that_many_ask_for_at_once_is_made_once(shop, worker):
    worker.pictures["/poster"] = "open mouth"
    invoice = await shop.paid()
    await shop.video(invoice)

    path = f"/lightning/video/{invoice}/poster.jpg"
    answers = await asyncio.gather(*(shop.http.get(path) for _ in range(5)))

    assert {answer.text for answer in answers} == {'"open mouth"'}
    assert len(worker.films) == 1


async def test_a_poster_of_a_growing_video_is_made_anew_only_once_there_is_more_to_choose_from(shop, worker):
    worker.pictures["/poster"] = "open mouth"
    worker.hold_after = 2
    invoice = await shop.paid()
    path = f"/lightning/video/{invoice}/poster.jpg"
    async with shop.http.stream("POST", "/lightning/generate-video", json=shop.order(invoice)) as delivery:
        await shop.until(invoice, lambda payment: payment["video"]["frames"] == 24)
        for _ in range(3):
            assert (await shop.http.get(path)).text == '"open mouth"'
        asked_while_it_grew = len(worker.films)
        worker.go.set()
        await delivery.aread()
    await shop.until(invoice, lambda payment: payment["video"]["state"] == "ready")
    for _ in range(3):
        await shop.http.get(path)

    assert (asked_while_it_grew, len(worker.films)) == (1, 2)


async def test_nothing_in_a_text_turns_its_title_round(shop):
    invoice = await shop.paid(text="Good \u202emorning\u202c, \u2067all\u2069\u200f.")
    await shop.video(invoice)

    page = await shop.http.get(f"/video/{invoice}")
    oembed = await shop.http.get("/oembed", params={"url": f"{shop.url}/video/{invoice}"})

    title = "“Good morning, all.”"
    assert f"<title>{title}</title>" in page.text
    assert f'<meta property="og:title" content="{title}">' in page.text
    assert oembed.json()["title"] == title


async def test_an_oembed_is_kept_by_language(shop):
    invoice = await shop.paid()
    await shop.video(invoice)

    answer = await shop.http.get("/oembed", params={"url": f"{shop.url}/video/{invoice}"})

    assert answer.status_code == 200
    assert "Accept-Language" in answer.headers["Vary"]  # its title is in one


async def test_a_poster_is_as_private_as_its_video(shop, worker):
    worker.pictures["/poster"] = "open mouth"
    answer = await shop.http.post("/lightning/request-video/text", json={"text": "Hello.", "private": True})
    invoice, claim = answer.json()["bolt11_invoice"], {"Claim-Token": answer.json()["claim_token"]}
    unpaid = await shop.http.get(f"/lightning/video/{invoice}/poster.jpg", headers=claim)
    shop.node.pay(invoice)
    await shop.video(invoice, claim_token=claim["Claim-Token"])

    owner = await shop.http.get(f"/lightning/video/{invoice}/poster.jpg", headers=claim)
    stranger = await shop.http.get(f"/lightning/video/{invoice}/poster.jpg")
    page = await shop.http.get(f"/video/{invoice}")
    oembed = await shop.http.get("/oembed", params={"url": f"{shop.url}/video/{invoice}"})

    assert unpaid.status_code == 402
    assert owner.headers["Cache-Control"].startswith("private")
    assert (stranger.status_code, page.status_code, oembed.status_code) == (404, 404, 404)
    assert "Hello." not in page.text
    unknown = await shop.http.get("/video/lnbc1")
    assert unknown.text == page.text  # nobody learns which


async def test_the_page_of_a_video_is_honest_about_what_there_is_not(shop, worker):
    worker.answer = (400, "No.")
    pending, failed = await shop.quote(), await shop.paid()
    await shop.video(failed)

    for invoice, status, says in (
        (pending, 402, "This video is not paid yet"),
        (failed, 200, "This video could not be made"),
        ("lnbc1", 404, "There is no video here"),
    ):
        page = await shop.http.get(f"/video/{invoice}")
        assert (page.status_code, page.headers["X-Robots-Tag"]) == (status, "noindex")
        assert f"<title>{says}</title>" in page.text
        assert "og:video" not in page.text


@pytest.mark.parametrize("url", ["https://elsewhere.example/video/lnbc1", "http://[", "http://\u2100/"])
async def test_an_oembed_of_another_site_or_of_no_address_is_refused(shop, url):
    answer = await shop.http.get("/oembed", params={"url": url})

    assert answer.status_code == 404
