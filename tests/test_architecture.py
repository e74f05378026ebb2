"""Imports point one way; the layout of the README is the layout of the project."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = {"bench", "lightning", "regtest", "satspeak", "service", "tests", "training", "worker"}
MAY_IMPORT: dict[str, set[str]] = {
    "lightning": set(),
    "regtest": set(),
    "worker": set(),
    "service": {"lightning"},
    "satspeak": {"regtest"},
    "training": {"worker"},
}
ADAPTERS = {
    "lightning.lnd",
    "lightning.lnd_payments",
    "lightning.memory",
    "lightning.memory_payments",
    "service.pricing.rates",
    "service.rendering.worker_client",
    "service.storage",
}
DOMAIN = [
    "accounts.port",
    "catalogue",
    "delivery.port",
    "jobs",
    "orders",
    "payments.port",
    "pricing.price",
    "refunds.refund",
    "rendering.port",
    "retention.port",
    "speech.speech_length",
]
FRAMEWORKS = {"grpc", "httpx", "litestar", "lndgrpc", "obstore", "sqlalchemy", "uvicorn"}


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
