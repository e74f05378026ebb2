"""Imports point one way; the layout of the README is the layout of the project."""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = {
    "bench",
    "faces",
    "guide",
    "lightning",
    "live",
    "regtest",
    "satspeak",
    "service",
    "spoken",
    "tests",
    "training",
    "worker",
}
MAY_IMPORT: dict[str, set[str]] = {
    "faces": set(),
    "guide": {"lightning", "service"},
    "lightning": set(),
    "live": set(),
    "regtest": set(),
    "spoken": set(),
    "worker": {"faces", "spoken"},
    "service": {"lightning", "spoken"},
    "satspeak": {"lightning", "regtest"},
    "training": {"faces", "spoken", "worker"},
}
TIERS = (
    # Each may import what stands above it here, and its own tier; what has a tier of its own is named first.
    {"errors", "runtime"},
    {
        "accounts",
        "catalogue",
        "jobs",
        "l402.port",
        "lnurl.port",
        "orders",
        "payments.payment",
        "payments.port",
        "pricing",
        "sessions.call_port",
        "sessions.port",
        "sessions.records",
        "sessions.session",
        "speech",
        "studio.answer_port",
        "studio.artist",
        "studio.job",
        "studio.port",
        "studio.intake",
        "studio.media",
        "studio.media_port",
        "studio.sniffing",
        "studio.script_port",
        "webhooks.port",
    },
    {"rendering"},
    {"engines", "payments", "storage"},
    {"refunds", "retention"},
    {"delivery", "desk", "doctor", "l402", "lnurl", "quotes", "sessions", "studio", "webhooks"},
    {"settings", "telling"},
    {"routes"},
    {"assembly"},
    {"__main__", "app", "credentials", "diagnosis", "holders", "letters", "owed", "parts", "program"},
)
"""The packages of the service, and modules of theirs, from the ground up."""

CLIMBS = {
    # A store is made of what the ports of its callers say, wherever these stand.
    "storage": {"delivery.port", "desk.port", "retention.port", "refunds.refund"},
    # A job keeps what a worker's first record says.
    "jobs": {"rendering.port"},
}

FRAMEWORK = {"litestar", "uvicorn"}
EDGE = ("routes", "app", "parts", "program", "runtime.connections")
"""Where HTTP is spoken to buyers."""

LONGEST_FILE = 350

ADAPTERS = {
    "lightning.lnd",
    "lightning.lnd_payments",
    "lightning.memory",
    "lightning.memory_payments",
    "service.engines",
    "service.pricing.currencies",
    "service.pricing.rates",
    "service.rendering.live_client",
    "service.rendering.studio_client",
    "service.rendering.worker_asking",
    "service.rendering.worker_client",
    "service.sessions.call_stage",
    "service.sessions.stage_process",
    "service.storage",
    "service.webhooks.carrier",
}
DOMAIN = ["accounts", "catalogue", "delivery.port", "jobs", "l402.port", "lnurl.port", "orders", "payments.payment",
    "payments.port", "pricing.price", "refunds.refund", "rendering.port", "retention.port", "sessions",
    "speech.speech_length", "studio"]  # fmt: skip
FRAMEWORKS = {"grpc", "httpx", "litestar", "lndgrpc", "obstore", "sqlalchemy", "uvicorn"}

SERVICE = sorted((ROOT / "service").rglob("*.py"))


def _module(file: Path) -> str:
    """The dotted name of a file of the service, without `service`."""
    return ".".join(file.relative_to(ROOT / "service").with_suffix("").parts).removesuffix(".__init__")


def _is_of(module: str, names: Iterable[str]) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in names)


def _tier(module: str) -> int:
    """How high a module stands; the longest name that it has decides."""
    places = [
        (len(name), tier) for tier, names in enumerate(TIERS) for name in names if _is_of(module, {name})
    ]
    return max(places)[1]


def _imported(file: Path) -> Iterator[str]:
    """Yield the dotted name of every module that a file imports, wherever in the file it does."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_a_package_imports_only_what_lies_below_it(package):
    allowed = MAY_IMPORT[package] | {package}

    for file in (ROOT / package).rglob("*.py"):
        ours = {name.split(".")[0] for name in _imported(file)} & PACKAGES
        assert ours <= allowed, f"{file.relative_to(ROOT)} imports {sorted(ours - allowed)}"


@pytest.mark.parametrize("module", DOMAIN)
def test_the_domain_of_the_service_knows_no_framework(module):
    path = ROOT / "service" / module.replace(".", "/")
    for file in [path.with_suffix(".py")] if not path.is_dir() else path.rglob("*.py"):
        roots = {name.split(".")[0] for name in _imported(file)}
        assert not roots & FRAMEWORKS, file


def test_only_the_composition_root_imports_adapters():
    for file in (ROOT / "service").rglob("*.py"):
        module = ".".join(file.relative_to(ROOT).with_suffix("").parts)
        if module.startswith("service.assembly.") or any(module.startswith(adapter) for adapter in ADAPTERS):
            continue
        used = {name for name in _imported(file) if name in ADAPTERS}
        assert not used, f"{module} imports {sorted(used)}: build adapters in service/assembly/"


@pytest.mark.parametrize("file", [file for file in SERVICE if _module(file) != "__init__"], ids=_module)
def test_no_import_climbs(file):
    module = _module(file)
    climbing = {name for low, names in CLIMBS.items() if _is_of(module, {low}) for name in names}

    used = {name.removeprefix("service.") for name in _imported(file) if name.startswith("service.")}
    for name in used:
        assert _tier(name) <= _tier(module) or _is_of(name, climbing), f"{module} imports {name}"


def test_no_use_case_knows_the_web_framework():
    for file in SERVICE:
        if not _is_of(_module(file), EDGE):
            roots = {name.split(".")[0] for name in _imported(file)}
            assert not roots & FRAMEWORK, file


def test_a_file_of_the_service_can_be_read_in_one_go():
    for file in SERVICE:
        if "migrations" not in file.parts:
            assert len(file.read_text().splitlines()) <= LONGEST_FILE, file
