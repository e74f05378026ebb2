"""Who comes to the desk, and who does not."""

import pytest

from service.accounts.port import Scope
from service.assembly.stores import open_accounts, open_keys

PAGES = ("/desk", "/desk/orders", "/desk/owed", "/desk/accounts", "/desk/system", "/desk/webhooks")

CHANGES = ("/desk/sign-in", "/desk/sign-out", "/desk/find", "/desk/webhooks/replay")


@pytest.fixture
async def desk(standing_shop, open_desk):
    return await open_desk(standing_shop)


@pytest.fixture(scope="module")
async def standing_shop(tmp_path_factory, make_shop):
    """One service for the tests of this file, which sign in more often than a person."""
    unlimited = dict.fromkeys(("desk_sign_ins_per_minute", "desk_sign_ins_per_minute_per_client"), 0)
    async with make_shop(tmp_path_factory.mktemp("desk"), **unlimited) as shop:
        yield shop


@pytest.mark.parametrize(
    "path", [*PAGES, "/desk/orders/1", "/desk/payments.csv?from=2026-01-01&to=2026-01-02"]
)
async def test_nobody_sees_the_desk_without_signing_in(standing_shop, path):
    for headers in ({}, {"Cookie": "desk=guessed"}, {"Cookie": "__Secure-desk="}):
        answer = await standing_shop.http.get(path, headers=headers)

        assert (answer.status_code, answer.headers["Location"]) == (303, "/desk/sign-in")
        assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", PAGES)
async def test_whoever_has_signed_in_sees_every_page_and_no_browser_keeps_it(desk, path):
    answer = await desk.get(path)

    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "script-src" not in policy
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "<script" not in answer.text
    assert " style=" not in answer.text


async def test_the_cookie_is_for_the_desk_alone_and_out_of_reach(desk, standing_shop, make_key):
    key = await make_key(standing_shop)

    plain = (await desk.sign_in(key)).headers["Set-Cookie"]
    secure = (await desk.sign_in(key, Origin=standing_shop.url.replace("http:", "https:"))).headers[
        "Set-Cookie"
    ]

    for cookie in (plain, secure):
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        assert "Path=/desk" in cookie
        assert "Max-Age=43200" in cookie
        assert "Domain" not in cookie
    assert plain.startswith("desk=")
    assert "Secure" not in plain
    assert secure.startswith("__Secure-desk=")
    assert "; Secure" in secure


async def test_a_key_that_is_not_for_the_desk_opens_nothing(desk, standing_shop, make_key):
    async with open_accounts(standing_shop.settings()) as holders:
        number = await holders.video_time.create("app")
        of_account = await holders.keys.create("app", account_id=number)
    of_program = await make_key(standing_shop, Scope.PAYMENTS, Scope.METRICS)
    async with open_keys(standing_shop.settings()) as keys:
        unsaid = await keys.create("unsaid")

    for key in (of_account, of_program, unsaid, "sk_guessed", "", "x" * 5000):
        answer = await desk.sign_in(key)
        assert answer.status_code == 403
        assert "Set-Cookie" not in answer.headers
        assert "does not open the desk" in answer.text


async def test_signing_out_ends_the_session_for_good(desk):
    answer = await desk.post("/desk/sign-out")

    assert (answer.status_code, answer.headers["Location"]) == (303, "/desk/sign-in")
    assert 'desk=""' in answer.headers["Set-Cookie"]
    assert (await desk.get("/desk")).status_code == 303


async def test_a_session_ends_with_its_key(standing_shop, open_desk):
    desk = await open_desk(standing_shop)
    another = await open_desk(standing_shop)
    async with open_keys(standing_shop.settings()) as keys:
        newest = max(key.id for key in await keys.list())
        await keys.revoke(newest)

    assert (await another.get("/desk")).status_code == 303
    assert (await desk.get("/desk")).status_code == 200


async def test_a_session_runs_out(make_shop, tmp_path, open_desk):
    async with make_shop(tmp_path, desk_session_s=3600) as shop:
        desk = await open_desk(shop)
        shop.clock.pass_by(minutes=59)
        assert (await desk.get("/desk")).status_code == 200

        shop.clock.pass_by(minutes=2)

        assert (await desk.get("/desk")).status_code == 303


@pytest.mark.parametrize("stores", ["servers"], indirect=True)
async def test_a_session_outlives_a_restart_of_a_service_on_servers(closed_shop, open_desk):
    async with closed_shop.open() as shop:
        token = (await open_desk(shop)).token
    async with closed_shop.open() as shop:
        answer = await shop.http.get("/desk", headers={"Cookie": f"desk={token}"})

    assert answer.status_code == 200


async def test_an_operator_has_so_many_sessions_and_the_oldest_gives_way(desk, standing_shop, make_key):
    key = await make_key(standing_shop)
    tokens = []
    for _ in range(21):
        await desk.sign_in(key)
        tokens.append(desk.token)
        standing_shop.clock.pass_by(seconds=1)

    async def opens(token: str) -> bool:
        return (await standing_shop.http.get("/desk", headers={"Cookie": f"desk={token}"})).status_code == 200

    assert [await opens(token) for token in tokens] == [False, *[True] * 20]


@pytest.mark.parametrize("path", CHANGES)
async def test_no_other_site_changes_anything(desk, path):
    foreign = (
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    )
    for headers in foreign:
        answer = await desk.post(path, {"all": "yes", "q": "1", "key": "sk_x"}, **headers)
        assert answer.status_code == 403, headers
        assert "not asked for by a page of the desk" in answer.text
    without = await desk.shop.http.post(path, headers=desk.cookie)
    assert without.status_code == 403
    assert (await desk.get("/desk")).status_code == 200  # still signed in


async def test_behind_a_proxy_the_public_address_is_the_desks_own(make_shop, tmp_path, make_key):
    async with make_shop(tmp_path, public_url="https://video.example.org/shop") as shop:
        key = await make_key(shop)
        for origin, status in (("https://video.example.org", 303), ("https://video.example.org.evil", 403)):
            answer = await shop.http.post("/desk/sign-in", data={"key": key}, headers={"Origin": origin})
            assert answer.status_code == status


async def test_no_page_of_another_origin_reads_the_desk(desk):
    foreign = {"Origin": "https://evil.example"}
    for path in ("/desk", "/desk/sign-in", "/desk/nowhere"):
        answer = await desk.shop.http.get(path, headers={**foreign, **desk.cookie})
        assert not [name for name in answer.headers if name.startswith("access-control")]
        preflight = {**foreign, "Access-Control-Request-Method": "POST"}
        allowed = await desk.shop.http.options(path, headers=preflight)
        assert not [name for name in allowed.headers if name.startswith("access-control")]
    public = await desk.shop.http.get("/avatars", headers=foreign)
    assert public.headers["Access-Control-Allow-Origin"] == "*"


async def test_keys_are_tried_so_often_a_minute(make_shop, tmp_path):
    async with make_shop(tmp_path) as shop:
        tries = [
            await shop.http.post("/desk/sign-in", data={"key": "sk_no"}, headers={"Origin": shop.url})
            for _ in range(11)
        ]

    assert [answer.status_code for answer in tries] == [*[403] * 10, 429]
    assert int(tries[-1].headers["Retry-After"]) > 0
    assert "asking too often" in tries[-1].text


async def test_what_is_no_page_of_the_desk_is_said_to_people(desk):
    for path, status in (
        ("/desk/orders/999999", 404),
        ("/desk/orders/99999999999999999999999", 404),
        ("/desk/accounts/999999", 404),
        ("/desk/accounts/0", 404),
        ("/desk/orders?below=0", 400),
        ("/desk/orders?below=x", 400),
        ("/desk/webhooks?above=-1", 400),
        ("/desk/payments.csv?from=2026-01-02&to=2026-01-01", 400),
        ("/desk/payments.csv?from=2025-01-01&to=2026-01-02", 400),
        ("/desk/payments.csv?from=soon&to=2026-01-02", 400),
    ):
        answer = await desk.get(path)
        assert answer.status_code == status, path
        assert answer.headers["Content-Type"].startswith("text/html"), path
        assert "<h1>" in answer.text
    assert "Nothing found" in (await desk.get("/desk/orders/999999")).text
    assert (await desk.post("/desk/find", {"q": "x" * 20_000})).status_code == 413
