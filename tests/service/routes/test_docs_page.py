"""The page of the API lets people send each request to the very service that shows it."""

import pytest

PHONE = {"viewport": {"width": 360, "height": 740}}


@pytest.fixture(params=[{}, PHONE], ids=["desk", "phone"])
async def visitor(visit, standing_shop, request):
    visitor = await visit(standing_shop.url, **request.param)
    await visitor.come("/docs")
    return visitor


def form(visitor, method: str, path: str):
    return visitor.page.locator(f'form[data-method="{method}"][data-path="{path}"]')


async def opened(visitor, method: str, path: str):
    found = form(visitor, method, path)
    await found.locator("xpath=ancestor::details/summary").click()
    return found


async def answered(found) -> list[str]:
    """Send it: the status, the headers and the answer."""
    await found.locator("button").click()
    await found.locator("pre").nth(1).wait_for()
    await found.locator("button", has_text="Send").wait_for()
    return [await found.locator("p").last.inner_text(), *await found.locator("pre").all_inner_texts()]


async def test_a_request_is_sent_and_its_answer_shown(visitor):
    status, headers, body = await answered(await opened(visitor, "GET", "/avatars"))

    assert status == "200 OK"
    assert "x-request-id: " in headers
    assert '"name": "old_european_woman"' in body
    assert not await visitor.overflows()
    assert await visitor.violations() == []


async def test_a_body_is_there_to_be_changed(visitor):
    found = await opened(visitor, "POST", "/lightning/estimate")
    await found.locator("textarea").fill('{"text": "Good morning."}')

    status, _, body = await answered(found)

    assert status == "200 OK"
    assert '"amount": ' in body


async def test_what_is_refused_is_shown_as_well(visitor):
    found = await opened(visitor, "GET", "/lightning/payment/{invoice}")
    await found.locator('input[name="invoice"]').fill("lnbc1?")

    status, _, body = await answered(found)

    assert status == "404 Not Found"
    assert "invoice-not-found" in body


async def test_a_recording_is_sent_as_a_form(visitor, make_wav, tmp_path):
    (tmp_path / "speech.wav").write_bytes(make_wav(1.92))
    found = await opened(visitor, "POST", "/lightning/request-video/audio")
    await found.locator('input[type="file"]').set_input_files(tmp_path / "speech.wav")

    status, _, body = await answered(found)

    assert status == "200 OK"
    assert '"duration": 1.9,' in body


async def test_a_key_is_sent_where_one_is_taken_and_nowhere_else(visitor, standing_shop):
    key = (await standing_shop.key())["Authorization"].removeprefix("Bearer ")
    await visitor.page.fill("#key", key)

    with_key = await answered(await opened(visitor, "GET", "/lightning/payments"))
    async with visitor.page.expect_request("**/avatars") as asking:
        await answered(await opened(visitor, "GET", "/avatars"))

    assert with_key[0] == "200 OK"
    assert "authorization" not in (await asking.value).headers


async def test_a_stream_of_events_is_shown_as_it_comes_and_can_be_stopped(visitor, standing_shop):
    found = await opened(visitor, "GET", "/lightning/payment/{invoice}/events")
    await found.locator('input[name="invoice"]').fill(await standing_shop.quote())
    await found.locator("button").click()
    await visitor.until("document.querySelector('.answer pre:last-child')?.textContent.includes('pending')")

    await found.locator("button", has_text="Stop").click()

    await found.locator("button", has_text="Send").wait_for()
    assert "Stopped." in await found.locator("p").last.inner_text()


async def test_nothing_but_its_own_files_runs_on_it(standing_shop):
    page = await standing_shop.http.get("/docs")

    assert "unsafe" not in page.headers["Content-Security-Policy"]
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
