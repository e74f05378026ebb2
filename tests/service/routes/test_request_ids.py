"""Each request has a name, in its answer and in what is logged for it."""

import re
from typing import Any

import pytest

from service.routes.http.request_ids import current_request_id, log_request_id, with_request_ids


@pytest.mark.parametrize("path", ["/health/live", "/nothing/here", "/lightning/payment/lnbc1nobodys"])
async def test_every_answer_has_a_name_of_its_own(standing_shop, path):
    names = [(await standing_shop.http.get(path)).headers["X-Request-Id"] for _ in range(2)]

    assert all(re.fullmatch("[0-9a-f]{32}", name) for name in names)
    assert len(set(names)) == 2


async def test_a_name_that_the_client_gives_is_kept(standing_shop):
    answer = await standing_shop.http.get("/health/live", headers={"X-Request-Id": "checkout-17.a_b~c"})

    assert answer.headers["X-Request-Id"] == "checkout-17.a_b~c"


@pytest.mark.parametrize("name", ["two words", "a" * 129, "", "line\u00e9", "<script>"])
async def test_a_name_that_could_forge_a_line_of_the_log_is_replaced(standing_shop, name):
    answer = await standing_shop.http.get("/health/live", headers={"X-Request-Id": name.encode()})

    assert re.fullmatch("[0-9a-f]{32}", answer.headers["X-Request-Id"])


async def test_what_is_logged_for_a_request_has_its_name():
    seen = []

    async def app(scope, receive, send):
        seen.append(log_request_id(None, "info", {})["request"])

    scope: Any = {"type": "http", "headers": [(b"x-request-id", b"mine")]}
    nothing: Any = None
    await with_request_ids(app)(scope, nothing, nothing)

    assert seen == ["mine"]
    assert current_request_id() == ""
    assert "request" not in log_request_id(None, "info", {})
