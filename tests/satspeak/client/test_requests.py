"""What the client asks and reads, without a service."""

import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from satspeak import client
from satspeak.client import (
    Problem,
    ServiceFailed,
    ServiceRefused,
    TooManyRequests,
    TryLater,
    Unreachable,
    errors,
    generate,
)
from satspeak.client import requests as sent
from service.routes.http import problem_types

HERE = Path(generate.__file__).parent


def test_both_clients_say_the_same():
    made = generate.synchronous((HERE / "_async.py").read_text())

    assert (HERE / "_sync.py").read_text() == made, "run `python -m satspeak.client.generate`"


def test_a_problem_is_an_error_of_its_type_and_an_unknown_one_goes_by_its_status():
    kinds = {kind.name: kind for kind in problem_types.TYPES}

    for name, error in errors._BY_NAME.items():
        if not name.isupper():  # those are codes of the source API
            kind = kinds[name]
            raised = errors.refusal(kind.status, Problem(type=kind.uri, title=kind.title), None, None)
            assert type(raised) is error
            assert error.__name__ in client.__all__
    assert type(errors.refusal(409, Problem(type="/docs/problems#new"), None, None)) is ServiceRefused


@pytest.mark.parametrize(
    ("status", "retry_after_s", "kind"),
    [(429, 3, TooManyRequests), (503, 3, TryLater), (502, None, ServiceFailed), (418, None, ServiceRefused)],
)
def test_what_stands_in_front_of_the_service_is_understood_by_its_status(status, retry_after_s, kind):
    headers = {} if retry_after_s is None else {"Retry-After": str(retry_after_s)}
    answer = httpx.Response(status, text="<h1>nginx</h1>", headers=headers)

    with pytest.raises(ServiceRefused) as refused:
        sent.accepted(answer)

    assert (type(refused.value), refused.value.retry_after_s) == (kind, retry_after_s)


def busy(retry_after_s: int) -> TryLater:
    return TryLater(503, Problem(), retry_after_s)


def test_the_service_says_how_long_to_wait():
    assert sent.Patience(10).pause_after(busy(7)) == 7


def test_who_would_have_to_wait_longer_than_there_is_patience_hears_so_at_once():
    with pytest.raises(TryLater):
        sent.Patience(5).pause_after(busy(7))
    with pytest.raises(Unreachable):
        sent.Patience(0).pause_after(Unreachable())


def test_pauses_grow_and_differ():
    patience = sent.Patience(3600)

    pauses = [patience.pause_after(Unreachable()) for _ in range(8)]

    assert len(set(pauses)) == 8
    assert pauses[0] <= 0.25
    assert 2.5 <= pauses[-1] <= 5


def test_what_may_have_been_done_is_not_sent_twice_unless_it_never_left():
    patience = sent.Patience(3600)

    with pytest.raises(Unreachable):
        patience.pause_after(Unreachable(), repeatable=False)
    assert patience.pause_after(sent.NotConnected(), repeatable=False) > 0


def test_a_quote_that_may_be_sent_twice_has_a_name():
    assert sent.new_key(None, 0) is None
    assert sent.new_key("mine", 30) == "mine"
    assert sent.quote_text("Hello.", sent.new_key(None, 30), {}).repeatable


def test_no_client_loads_what_pays():
    code = (
        "import sys, satspeak.client;"
        "print([each for each in ('grpc', 'bolt11', 'nostr_sdk') if each in sys.modules])"
    )

    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert loaded.stdout.strip() == "[]"
