"""Requests made from the OpenAPI document, fit and unfit: no failure, and no answer that it does not name."""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import positive_data_acceptance

from lightning.memory import MemoryBackend
from service.app import create_app
from service.settings import Settings

EXAMPLES, MANY_EXAMPLES = 25, 500  # of each operation

DOCUMENT = create_app(Settings(), backend=MemoryBackend()).openapi_schema.to_schema()

OPERATIONS = [f"{method.upper()} {path}" for path, item in DOCUMENT["paths"].items() for method in item]

OF_ACCOUNTS = {
    "GET /account",
    "POST /lightning/top-up",
    "POST /inference",
    "POST /livekit/create-session",
    "DELETE /livekit/delete-session/{task_id}",
    "POST /offer",
    "POST /human",
    "POST /humanaudio",
    "POST /interrupt_talk",
    "POST /is_speaking",
    "POST /record",
    "GET /record/{sessionid}",
    "GET /sse",
    "POST /media",
    "POST /media/fetch",
    "GET /media",
    "DELETE /media/{name}",
    *(label for label in OPERATIONS if " /api/v1/" in label or " /account/" in label),
}
"""What takes a key of an account."""


@pytest.fixture(scope="module")
def api(known):
    schema = schemathesis.openapi.from_url(f"{known['url']}/schema/openapi.json")

    @schema.hook
    def map_path_parameters(context: Any, values: dict[str, Any] | None) -> dict[str, Any] | None:
        """Ask for an order that there is, every other time."""
        follows = context.operation.path.endswith("/events")  # only what is over ends
        invoices = known["over"] if follows else known["invoices"]
        if values and (invoice := _known_instead(invoices, values.get("invoice"))):
            return {**values, "invoice": invoice}
        if values and (video := _known_instead(known["videos"], values.get("video_id"))):
            return {**values, "video_id": video}
        if values and (medium := _known_instead(known["media"], values.get("name"))):
            return {**values, "name": medium}
        return values

    @schema.hook
    def map_body(_context: Any, body: Any) -> Any:
        if isinstance(body, dict) and (
            invoice := _known_instead(known["invoices"], body.get("bolt11_invoice"))
        ):
            proof = known["proofs"].get(invoice, {}) if "refund_token" in body else {}
            return {**body, "bolt11_invoice": invoice, **proof}
        if isinstance(body, dict) and "emotion" in body and len(str(body["emotion"])) % 2:
            return {**body, "avatar": "arab_woman", "emotion": "happy"}
        return body

    return schema


@pytest.mark.parametrize("label", OPERATIONS)
def test_every_answer_is_one_that_the_document_names(label, api, known, full):
    operation = api.find_operation_by_label(label)

    @given(case=operation.as_strategy())
    @settings(
        max_examples=MANY_EXAMPLES if full else EXAMPLES,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    def ask(case: schemathesis.Case[Any]) -> None:
        # What fits the document may still be refused: an invoice that is not paid, a text that says nothing.
        answer = case.call_and_validate(
            headers={"Authorization": known["holders" if label in OF_ACCOUNTS else "key"]},
            excluded_checks=[positive_data_acceptance, not_a_server_error],
        )
        # For a held payment, not yet its turn; and what no engine here does.
        assert answer.status_code < 500 or answer.status_code in (501, 503)

    ask()


def _known_instead(invoices: list[str], value: Any) -> str | None:
    number = len(value) if isinstance(value, str) else 0
    return invoices[number // 2 % len(invoices)] if number % 2 else None
