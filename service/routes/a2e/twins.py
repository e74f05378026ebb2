"""`userVideoTwin`: avatars of an account, of a picture or a film. The misspelt paths are A2E's, and its contract."""

from typing import Any

from litestar import delete, get, post
from litestar.params import FromPath

from service.accounts.keys import Keys
from service.accounts.port import Scope
from service.errors import InvalidRequest, OrderNotFound
from service.routes.a2e.envelope import ok
from service.routes.a2e.making import Training
from service.routes.a2e.records import Answer, AnyRequest, IdempotencyKey, owned, status_of
from service.routes.a2e.schemas import Named
from service.routes.http.bodies import read_json
from service.routes.http.keys import key_of
from service.routes.http.parts import Part
from service.studio.avatars import Avatar, Avatars


@post("/userVideoTwin/startTraining", status_code=200)
async def start_training(
    request: AnyRequest,
    keys: Part[Keys],
    own_avatars: Part[Avatars],
    idempotency_key: IdempotencyKey = None,
) -> Answer:
    """Make an avatar."""
    account_id = await keys.account(key_of(request), Scope.VIDEO)
    asked = await read_json(request, Training, lenient=True)
    field, url = asked.source
    if asked.gender not in ("male", "female"):
        raise InvalidRequest("Field 'gender' must be 'male' or 'female'.", field="gender")
    avatar = await own_avatars.begin(
        account_id,
        name=asked.name,
        gender="male" if asked.gender == "male" else "female",
        url=url,
        field=field,
        kind="picture" if field == "image_url" else "film",
        mouths_url=asked.mouths_url,
        key=idempotency_key,
    )
    return ok(_told(avatar) | {"ignored": asked.ignored})


@post(
    [f"/userVideoTwin/{name}" for name in ("continueTranining", "continueTraining", "continueTrain")],
    status_code=200,
)
async def continue_training(
    request: AnyRequest,
    keys: Part[Keys],
    own_avatars: Part[Avatars],
    idempotency_key: IdempotencyKey = None,
) -> Answer:
    """Sharpen the lips of an avatar."""
    account_id = await keys.account(key_of(request), Scope.VIDEO)
    asked = await read_json(request, Named, lenient=True)
    avatar = owned(await own_avatars.sharpen(account_id, asked.id, key=idempotency_key), asked.id)
    return ok(_told(avatar))


@get("/userVideoTwin/allRecords")
async def twins(request: AnyRequest, keys: Part[Keys], own_avatars: Part[Avatars]) -> Answer:
    """List the avatars of an account, the newest first."""
    account_id = await keys.account(key_of(request), Scope.VIDEO)
    found = [_told(avatar) for avatar in await own_avatars.all(account_id)]
    return ok({"list": found, "total": len(found)})


@get("/userVideoTwin/processingRecord")
async def twins_in_work(request: AnyRequest, keys: Part[Keys], own_avatars: Part[Avatars]) -> Answer:
    """List the avatars of an account that are being made."""
    account_id = await keys.account(key_of(request), Scope.VIDEO)
    return ok([_told(avatar) for avatar in await own_avatars.all(account_id) if not avatar.state.final])


@get("/userVideoTwin/{record:str}")
async def twin(
    request: AnyRequest, record: FromPath[str], keys: Part[Keys], own_avatars: Part[Avatars]
) -> Answer:
    """Tell how far an avatar is."""
    account_id = await keys.account(key_of(request), Scope.VIDEO)
    return ok(_told(owned(await own_avatars.find(account_id, record), record)))


@delete("/userVideoTwin/{record:str}", status_code=200)
async def delete_twin(
    request: AnyRequest, record: FromPath[str], keys: Part[Keys], own_avatars: Part[Avatars]
) -> Answer:
    """Delete an avatar; what is not made yet costs nothing."""
    account_id = await keys.account(key_of(request), Scope.VIDEO)
    if not await own_avatars.delete(account_id, record):
        raise OrderNotFound(record)
    return ok({"_id": record})


def _told(avatar: Avatar) -> dict[str, Any]:
    told: dict[str, Any] = {
        "_id": avatar.id,
        "name": avatar.name,
        "gender": avatar.gender,
        "current_status": status_of(avatar.state),
        "process": avatar.progress,
        "stage": avatar.stage,
        "sharp": avatar.sharp,
        "warnings": avatar.warnings,
        "createdAt": avatar.created_at,
    }
    if avatar.failure:
        told["failed_message"] = avatar.failure
    return told


HANDLERS = [start_training, continue_training, twins, twins_in_work, twin, delete_twin]
