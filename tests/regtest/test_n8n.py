"""The workflow in `docs/examples/n8n.json` buys a video, with an LND that pays over REST.

n8n takes 3 GB, so it runs the workflow where it is on PATH and `--full` is said (with it a PostgreSQL, since n8n's own
SQLite is compiled when it is installed). Else a small program sends what the HTTP Request nodes say.
"""

import asyncio
import json
import os
import shutil
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.regtest import clients

pytestmark = pytest.mark.regtest

WORKFLOW = Path(__file__).parents[2] / "docs" / "examples" / "n8n.json"
N8N = shutil.which("n8n")
RUN_S = 300


@pytest.fixture(scope="module")
async def worker(hire_scripted):
    return await hire_scripted()


@pytest.fixture
def settings(shop, payer):
    if not payer.access.rest_address:
        pytest.skip("this network serves no REST")
    return {"shop": shop.url, "lnd": payer.rest_url}


async def test_the_http_request_nodes_of_the_workflow_buy(payer, settings):
    environment = {
        "WORKFLOW": str(WORKFLOW),
        "MACAROON": payer.admin_macaroon_path.read_bytes().hex(),
        "SETTINGS": json.dumps(settings),
    }

    assert int((await clients.run("n8n.mjs", **environment)).rpartition(" ")[2]) > 1000
    dear = {**environment, "SETTINGS": json.dumps({**settings, "max_sats": 1})}
    assert await clients.run("n8n.mjs", **dear) == "ended with nothing"


@pytest.fixture
def n8n(full, tmp_path, database_url):
    """Run a command of the real n8n; what it prints."""
    if not (full and N8N):
        pytest.skip("n8n is run with --full where it is on PATH (npm install -g n8n: 3 GB)")
    database = urlsplit(database_url)
    environment = {
        **os.environ,
        "N8N_USER_FOLDER": str(tmp_path),
        "N8N_DIAGNOSTICS_ENABLED": "false",
        "DB_TYPE": "postgresdb",
        "DB_POSTGRESDB_HOST": parse_qs(database.query)["host"][0],
        "DB_POSTGRESDB_DATABASE": database.path[1:],
        "DB_POSTGRESDB_USER": database.username or "postgres",
        "PATH": f"{clients.NODE.parent}{os.pathsep}{os.environ['PATH']}",
    }

    async def run(*words: str) -> str:
        process = await asyncio.create_subprocess_exec(
            str(N8N), *words, env=environment, stdout=asyncio.subprocess.PIPE
        )
        async with asyncio.timeout(RUN_S):
            printed, _ = await process.communicate()
        sys.stdout.write(printed.decode())
        assert process.returncode == 0
        return printed.decode()

    return run


async def test_n8n_runs_the_workflow(n8n, payer, settings, tmp_path):
    workflow = json.loads(WORKFLOW.read_text())
    [chosen] = [node for node in workflow["nodes"] if node["name"] == "Settings"]
    for each in chosen["parameters"]["assignments"]["assignments"]:
        each["value"] = settings.get(each["name"], each["value"])
    (tmp_path / "workflow.json").write_text(json.dumps(workflow))
    macaroon = {"name": "Grpc-Metadata-macaroon", "value": payer.admin_macaroon_path.read_bytes().hex()}
    credential = {"id": "lndmacaroon", "name": "LND macaroon", "type": "httpHeaderAuth", "data": macaroon}
    (tmp_path / "credentials.json").write_text(json.dumps([credential]))

    await n8n("import:credentials", f"--input={tmp_path / 'credentials.json'}")
    await n8n("import:workflow", f"--input={tmp_path / 'workflow.json'}")
    printed = await n8n("execute", f"--id={workflow['id']}", "--rawOutput")

    told = json.loads(printed[printed.index("{") :])
    [[video]] = told["data"]["resultData"]["runData"]["Video"][0]["data"]["main"]
    assert video["binary"]["data"]["mimeType"] == "video/mp4"
