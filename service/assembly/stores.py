"""Opens what keeps rows and bytes."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import msgspec

from service.accounts.keys import Keys
from service.accounts.prepaid import VideoTime
from service.jobs.port import Objects
from service.runtime.bells import Bells
from service.runtime.clock import utc_now
from service.settings import Settings
from service.storage.accounts import SqlAccounts
from service.storage.answers import SqlAnswers
from service.storage.batches import SqlBatches
from service.storage.calls import SqlCallLinks, SqlRecordings
from service.storage.database import Database
from service.storage.desk import Room, SqlDesk
from service.storage.desk_books import SqlBooks
from service.storage.desk_sessions import SqlSessions
from service.storage.keys import SqlApiKeys
from service.storage.lnurls import SqlLnurls
from service.storage.media import SqlMedia
from service.storage.objects import FolderObjects, bucket_objects
from service.storage.orders import SqlOrders
from service.storage.outbox import SqlOutbox
from service.storage.payments import SqlPayments
from service.storage.peers import NoPeers, PostgresPeers
from service.storage.postgres import PostgresDatabase
from service.storage.preimages import SqlPreimages
from service.storage.prepaid import SqlPrepaidOrders
from service.storage.receivers import SqlReceivers
from service.storage.refunds import SqlRefunds
from service.storage.retention import SqlRetention
from service.storage.root_keys import SqlRootKeys
from service.storage.sessions import SqlLiveSessions
from service.storage.snapshots import SqlSnapshots
from service.storage.sqlite import SqliteDatabase
from service.storage.studio_jobs import SqlStudioJobs
from service.storage.top_ups import SqlTopUps
from service.storage.uploads import SqlUploads
from service.storage.videos import SqlVideos
from service.webhooks.accounts import AccountReceivers


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What keeps rows and bytes, and wakes who waits for a change of either."""

    orders: SqlOrders
    payments: SqlPayments
    videos: SqlVideos
    refunds: SqlRefunds
    preimages: SqlPreimages
    root_keys: SqlRootKeys
    lnurls: SqlLnurls
    outbox: SqlOutbox
    retention: SqlRetention
    snapshots: SqlSnapshots
    uploads: SqlUploads
    keys: SqlApiKeys
    accounts: SqlAccounts
    top_ups: SqlTopUps
    receivers: SqlReceivers
    prepaid: SqlPrepaidOrders
    batches: SqlBatches
    answers: SqlAnswers
    live_sessions: SqlLiveSessions
    recordings: SqlRecordings
    call_links: SqlCallLinks
    studio_jobs: SqlStudioJobs
    media: SqlMedia
    desk: SqlDesk
    books: SqlBooks
    sessions: SqlSessions
    objects: Objects
    peers: NoPeers | PostgresPeers
    bells: Bells


@contextlib.asynccontextmanager
async def open_kept(settings: Settings) -> AsyncIterator[Kept]:
    """Open the database and the object store."""
    url = settings.stores.database_url
    async with open_database(settings) as database:
        peers = PostgresPeers(url) if url else NoPeers()
        room = Room(database)
        yield Kept(
            orders=SqlOrders(database),
            payments=SqlPayments(database),
            videos=SqlVideos(database),
            refunds=SqlRefunds(database),
            preimages=SqlPreimages(database),
            root_keys=SqlRootKeys(database),
            lnurls=SqlLnurls(database),
            outbox=SqlOutbox(database),
            retention=SqlRetention(database),
            snapshots=SqlSnapshots(database),
            uploads=SqlUploads(database),
            keys=SqlApiKeys(database),
            accounts=SqlAccounts(database),
            top_ups=SqlTopUps(database),
            receivers=SqlReceivers(database),
            prepaid=SqlPrepaidOrders(database),
            batches=SqlBatches(database),
            answers=SqlAnswers(database),
            live_sessions=SqlLiveSessions(database),
            recordings=SqlRecordings(database),
            call_links=SqlCallLinks(database),
            studio_jobs=SqlStudioJobs(database),
            media=SqlMedia(database),
            desk=SqlDesk(room),
            books=SqlBooks(room),
            sessions=SqlSessions(database),
            objects=open_objects(settings),
            peers=peers,
            bells=Bells(peers.tell),
        )


@contextlib.asynccontextmanager
async def open_keys(settings: Settings) -> AsyncIterator[Keys]:
    """Open no more than the keys, for the commands that make and revoke them."""
    async with open_database(settings) as database:
        yield Keys(SqlApiKeys(database), now=utc_now)


class Holders(msgspec.Struct, frozen=True, kw_only=True):
    """Accounts, their video time and their keys."""

    accounts: SqlAccounts
    top_ups: SqlTopUps
    receivers: AccountReceivers
    video_time: VideoTime
    keys: Keys


@contextlib.asynccontextmanager
async def open_accounts(settings: Settings) -> AsyncIterator[Holders]:
    """Open no more than the accounts and their keys, for the commands that make them and grant video time."""
    async with open_database(settings) as database:
        accounts = SqlAccounts(database)
        if settings.accounts.house_account:
            await accounts.ensure_house(utc_now())
        yield Holders(
            accounts=accounts,
            top_ups=SqlTopUps(database),
            receivers=AccountReceivers(SqlReceivers(database), private=settings.webhooks.webhook_private),
            video_time=VideoTime(accounts, terms=settings.accounts, now=utc_now),
            keys=Keys(SqlApiKeys(database), now=utc_now),
        )


@contextlib.asynccontextmanager
async def open_refunds(settings: Settings) -> AsyncIterator[SqlRefunds]:
    """Open no more than the refunds, for the commands that list and end what is owed."""
    async with open_database(settings) as database:
        yield SqlRefunds(database)


class Sold(msgspec.Struct, frozen=True, kw_only=True):
    """Orders and top-ups, and the root keys of the credentials that some of them are sold by."""

    orders: SqlOrders
    root_keys: SqlRootKeys
    top_ups: SqlTopUps


@contextlib.asynccontextmanager
async def open_orders(settings: Settings) -> AsyncIterator[Sold]:
    """Open no more than the orders and their credentials, for the command that revokes these."""
    async with open_database(settings) as database:
        yield Sold(orders=SqlOrders(database), root_keys=SqlRootKeys(database), top_ups=SqlTopUps(database))


@contextlib.asynccontextmanager
async def open_outbox(settings: Settings) -> AsyncIterator[SqlOutbox]:
    """Open no more than what receivers are told, for the commands that list and replay it."""
    async with open_database(settings) as database:
        yield SqlOutbox(database)


def open_database(settings: Settings) -> contextlib.AbstractAsyncContextManager[Database]:
    """Open the database: SQLite in the data folder, unless there is a server."""
    if settings.stores.database_url:
        return PostgresDatabase.open(settings.stores.database_url)
    return SqliteDatabase.open(settings.program.data_dir / "satspeak.sqlite3")


def open_objects(settings: Settings) -> Objects:
    """Open the store of uploads and videos: a folder, unless there is a bucket."""
    url = urlsplit(settings.stores.objects_url)
    path = unquote(url.path)
    if url.scheme == "s3":
        return bucket_objects(url.netloc, path.strip("/"))
    return FolderObjects(Path(path) if path else settings.program.data_dir / "objects")
