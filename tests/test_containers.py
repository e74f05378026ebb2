"""What can be told of the images and compose files without a Docker daemon: they name only what is there."""

import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

import service.settings
import worker.settings

ROOT = Path(__file__).parent.parent
COMPOSE_FILES = [
    *("docker-compose.yml", "docker/production.yml", "docker/cuda.yml", "docker/ray.yml"),
    "regtest/compose.yml",
]
RAY_SERVICE = "docker/rayservice.yml"
DOCKERFILES = ["docker/service.Dockerfile", "docker/worker.Dockerfile"]

SETTINGS = {
    prefix + field.upper()
    for prefix, fields in [
        (service.settings.PREFIX, service.settings.names()),
        (worker.settings.PREFIX, worker.settings.Settings.__struct_fields__),
    ]
    for field in fields
} | {"SATSPEAK_REGTEST"}  # chooses containers for the nodes of the tests


def read_yaml(name: str) -> dict[str, Any]:
    return YAML(typ="safe").load(ROOT / name)


def instructions(name: str, keyword: str) -> list[str]:
    """The arguments of each such instruction of a Dockerfile, continued lines joined."""
    text = (ROOT / name).read_text().replace("\\\n", " ")
    return re.findall(rf"^{keyword}\s+(.+)$", text, re.MULTILINE)


def sources(dockerfile: str) -> list[str]:
    """What it copies from the project."""
    copies = [line.split() for line in instructions(dockerfile, "COPY") if not line.startswith("--from")]
    return [source for *names, _ in copies for source in names]


@pytest.mark.parametrize("name", COMPOSE_FILES)
def test_a_compose_file_is_valid_by_the_official_schema(name):
    checked = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", ROOT / name],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("name", [*COMPOSE_FILES, *DOCKERFILES, RAY_SERVICE])
def test_every_variable_is_a_setting(name):
    assert set(re.findall(r"\bSATSPEAK_\w+", (ROOT / name).read_text())) <= SETTINGS


def test_what_compose_builds_is_there():
    services = read_yaml("docker-compose.yml")["services"]

    assert sorted(service["build"]["dockerfile"] for service in services.values()) == DOCKERFILES
    assert all(service["build"]["context"] == "." for service in services.values())


def test_the_gpu_file_changes_only_what_is_there():
    base = read_yaml("docker-compose.yml")["services"]
    over = read_yaml("docker/cuda.yml")["services"]

    assert over.keys() <= base.keys()
    build = over["worker"]["build"]
    assert {f"{name}=cpu" for name in build["args"]} == set(
        instructions(base["worker"]["build"]["dockerfile"], "ARG")
    )


def test_on_ray_the_worker_of_the_compose_file_becomes_the_head_and_nobody_reaches_its_nodes():
    base = read_yaml("docker-compose.yml")["services"]
    over = read_yaml("docker/ray.yml")["services"]

    assert over.keys() - base.keys() == {"node"}
    assert over["node"]["networks"] == base["worker"]["networks"]
    assert not any("ports" in each for each in over.values())
    assert "python -m worker.serve" in over["worker"]["command"][-1]
    assert find_spec("worker.serve")


def test_on_kubernetes_ray_finds_what_it_runs_in_the_version_that_is_locked():
    ray, policy = YAML(typ="safe").load_all(ROOT / RAY_SERVICE)
    [application] = YAML(typ="safe").load(ray["spec"]["serveConfigV2"])["applications"]
    locked = tomllib.loads((ROOT / "uv.lock").read_text())["package"]
    cluster = ray["spec"]["rayClusterConfig"]
    [head] = cluster["headGroupSpec"]["template"]["spec"]["containers"]
    [nodes] = cluster["workerGroupSpecs"]
    [node] = nodes["template"]["spec"]["containers"]

    module, _, builder = application["import_path"].partition(":")
    assert f"def {builder}(" in (ROOT / module.replace(".", "/")).with_suffix(".py").read_text()
    settings = worker.settings.Settings.from_env({}, **application["args"])
    assert settings.ray_replicas == nodes["replicas"]
    assert settings.ray_gpus == int(node["resources"]["limits"]["nvidia.com/gpu"])
    assert settings.ray_cpus < int(node["resources"]["limits"]["cpu"])
    assert [cluster["rayVersion"]] == [each["version"] for each in locked if each["name"] == "ray"]
    port = {each["name"]: each["containerPort"] for each in head["ports"]}["satspeak"]
    assert port == worker.settings.Settings().port
    assert policy["spec"]["ingress"][1]["ports"] == [{"port": port}]


def test_only_the_service_is_reachable_and_only_from_this_host():
    compose = read_yaml("docker-compose.yml")

    assert "ports" not in compose["services"]["worker"]
    assert compose["services"]["worker"]["networks"] == ["renders"]
    assert compose["networks"]["renders"] == {"internal": True}
    assert all(port.startswith("127.0.0.1:") for port in compose["services"]["service"]["ports"])


def test_in_production_only_the_proxy_is_reachable():
    compose = read_yaml("docker/production.yml")
    services = compose["services"]

    assert [name for name, each in services.items() if "ports" in each] == ["proxy"]
    assert (services["worker"]["networks"], services["database"]["networks"]) == (["renders"], ["rows"])
    assert all(compose["networks"][name]["internal"] for name in ("front", "rows", "renders"))
    [network] = compose["networks"]["front"]["ipam"]["config"]
    assert services["service-1"]["environment"]["SATSPEAK_TRUSTED_PROXIES"] == network["subnet"]
    assert {name for name, each in services.items() if "front" in each["networks"]} == {
        "proxy",
        "service-1",
        "service-2",
    }


def test_in_production_the_proxy_reaches_the_services_from_where_they_believe_it():
    compose = read_yaml("docker/production.yml")
    proxy, service = (set(compose["services"][name]["networks"]) for name in ("proxy", "service-1"))

    assert proxy & service == {"front"}
    [published] = proxy - service
    assert compose["networks"][published]["enable_ipv6"] is True
    assert not compose["networks"][published].get("internal")


def test_a_proxy_on_the_host_comes_from_the_address_that_the_compose_file_tells():
    [network] = read_yaml("docker-compose.yml")["networks"]["default"]["ipam"]["config"]

    assert f"SATSPEAK_TRUSTED_PROXIES={network['gateway']}" in (ROOT / "docker-compose.yml").read_text()


def test_in_production_two_services_share_rows_and_objects_and_nothing_else():
    services = read_yaml("docker/production.yml")["services"]
    first, second = services["service-1"], services["service-2"]

    assert {**first, "volumes": None} == {**second, "volumes": None}
    shared = set(first["volumes"]) & set(second["volumes"])
    assert shared == {"objects:" + first["environment"]["SATSPEAK_OBJECTS_URL"].removeprefix("file://")}
    [upstreams] = re.findall(r"reverse_proxy (.+) {", (ROOT / "docker/Caddyfile").read_text())
    port = first["environment"]["SATSPEAK_PORT"]
    assert upstreams.split() == [f"service-1:{port}", f"service-2:{port}"]
    assert seconds(first["stop_grace_period"]) > service.settings.Program().drain_s


def test_the_ports_are_those_on_which_the_programs_listen():
    assert instructions("docker/service.Dockerfile", "EXPOSE") == [str(service.settings.Program().port)]
    assert instructions("docker/worker.Dockerfile", "EXPOSE") == [str(worker.settings.Settings().port)]
    environment = {
        key: value
        for each in read_yaml("docker-compose.yml")["services"].values()
        for key, value in each["environment"].items()
    }
    assert environment["SATSPEAK_PORT"] == service.settings.Program().port
    assert environment["SATSPEAK_WORKER_PORT"] == worker.settings.Settings().port


def test_open_downloads_and_renders_may_finish_before_a_container_is_killed():
    services = read_yaml("docker-compose.yml")["services"]

    assert seconds(services["service"]["stop_grace_period"]) > service.settings.Program().drain_s
    assert seconds(services["worker"]["stop_grace_period"]) > worker.settings.Settings().grace_s


def seconds(text: str) -> int:
    return int(text.removesuffix("s"))


@pytest.mark.parametrize("dockerfile", DOCKERFILES)
def test_an_image_is_built_from_files_that_are_there_and_reach_the_builder(dockerfile):
    ignored, *allowed, _ = [
        line
        for line in (ROOT / f"{dockerfile}.dockerignore").read_text().splitlines()
        if not line.startswith("#")
    ]

    assert ignored == "*"
    assert {f"!{source}" for source in sources(dockerfile)} == set(allowed)
    assert all((ROOT / source).exists() for source in sources(dockerfile))


@pytest.mark.parametrize("dockerfile", DOCKERFILES)
def test_an_image_installs_what_is_locked_and_runs_a_program_that_it_holds(dockerfile):
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    synced = [line for line in instructions(dockerfile, "RUN") if "uv sync" in line]

    assert synced
    for line in synced:
        assert "--frozen --no-dev" in line
        assert set(re.findall(r"--extra (\w+)", line)) <= extras.keys()
    [program] = re.findall(r'"-m", "(\w+)"', " ".join(instructions(dockerfile, "CMD")))
    assert program in sources(dockerfile)
    assert find_spec(f"{program}.__main__")


@pytest.mark.parametrize("dockerfile", DOCKERFILES)
def test_an_image_holds_everything_that_its_program_imports(dockerfile):
    extras = set(re.findall(r"--(?:extra|group) (\w+)", (ROOT / dockerfile).read_text()))
    ours = {source for source in sources(dockerfile) if (ROOT / source / "__init__.py").is_file()}
    installed = packages_distributions()
    locked = {name for extra in extras for name in locked_packages(extra)}

    missing = {
        name
        for name in imports(ours) - ours - sys.stdlib_module_names
        if not locked & {canonical(distribution) for distribution in installed.get(name, [])}
    }

    assert missing == set()


def imports(packages: set[str]) -> set[str]:
    """The top-level name of each module that these packages import anywhere."""
    names = set()
    for package in packages:
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                match node:
                    case ast.Import():
                        names |= {alias.name.partition(".")[0] for alias in node.names}
                    case ast.ImportFrom(module=str(module), level=0):
                        names.add(module.partition(".")[0])
    return names


def locked_packages(extra: str) -> set[str]:
    """What the lock file installs for this extra, or group, markers aside."""
    packages = {each["name"]: each for each in tomllib.loads((ROOT / "uv.lock").read_text())["package"]}
    project = packages["satspeak"]
    named = project["dev-dependencies"] | project["optional-dependencies"]
    todo = [*project["dependencies"], *named[extra]]
    found = set()
    while todo:
        wanted = todo.pop()
        name, extras = wanted["name"], wanted.get("extra", [])
        if (name, *extras) not in found:
            found.add((name, *extras))
            todo += packages[name].get("dependencies", [])
            todo += chain(*(packages[name].get("optional-dependencies", {}).get(each, []) for each in extras))
    return {name for name, *_ in found}


def canonical(name: str) -> str:
    """As the lock file spells it."""
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("dockerfile", DOCKERFILES)
def test_an_image_runs_without_root_and_tells_its_health(dockerfile):
    text = (ROOT / dockerfile).read_text()
    final = text[text.rindex("\nFROM ") :]

    assert re.search(r"^USER satspeak$", final, re.MULTILINE)
    assert "HEALTHCHECK" in final
    assert f":{instructions(dockerfile, 'EXPOSE')[0]}/health" in final
