"""A Ray cluster of two nodes, a worker on each. It prints where they are reached; at a first line its second node dies.

A program of its own: Ray would take over the process of the tests, and whatever it starts ends with this one.
"""

import functools
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import ray
from ray import _raylet, serve
from ray._private import services, utils
from ray.cluster_utils import Cluster

from regtest.ports import Ports
from worker.serve import start

STORE_BYTES = 80 << 20  # as small as Ray takes it: nothing is kept there


def hurry() -> None:
    """Have a node wait for none of its agents, which nothing here asks.

    It gives them 15 seconds to tell their ports and dies, and two cores that others share may need longer. So what
    they would tell is there before: as where the dashboard is not installed, with -1 for those that are not in use.

    All this is private. `Cluster` takes the ports of the agents, but of 2.60 a node is not told the one that the
    dashboard's listens at, and waits for it; `RAY_agent_register_timeout_ms` makes that no longer.
    """
    start_raylet = services.start_raylet
    raylet: Any = _raylet  # compiled, and without types

    @functools.wraps(start_raylet)
    def told(*args: Any, **options: Any) -> Any:
        node_id, folder = args[2], args[11]
        for name in ("DASHBOARD_AGENT_LISTEN", "METRICS_AGENT", "METRICS_EXPORT"):
            raylet.persist_port(folder, node_id, getattr(raylet, f"{name}_PORT_NAME"), -1)
        port = options["runtime_env_agent_port"]
        raylet.persist_port(folder, node_id, raylet.RUNTIME_ENV_AGENT_PORT_NAME, port)
        return start_raylet(*args, **options)

    services.start_raylet = told
    utils.get_dashboard_dependency_error = ImportError


def main() -> None:
    hurry()
    ports = Ports()
    with tempfile.TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True) as folder:
        # Where a cluster says what its address is: not to others here, nor where no folder is yet.
        os.environ["RAY_TMPDIR"] = folder
        Path(folder, "ray").mkdir()
        cluster = Cluster(
            initialize_head=True,
            head_node_args={
                "num_cpus": 1,
                "object_store_memory": STORE_BYTES,
                "include_dashboard": False,
                "runtime_env_agent_port": ports.take(),
                "temp_dir": folder,
            },
        )
        second = cluster.add_node(
            num_cpus=1, object_store_memory=STORE_BYTES, runtime_env_agent_port=ports.take()
        )
        ray.init(address=cluster.address)
        print(start().port.remote().result(), flush=True)  # noqa: T201 - to whoever started it
        if sys.stdin.readline():
            cluster.remove_node(second, allow_graceful=False)
            sys.stdin.readline()
        serve.shutdown()
        ray.shutdown()
        cluster.shutdown()


if __name__ == "__main__":
    main()
