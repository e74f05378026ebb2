"""`lightning.__all__` is the package's whole public face."""

import inspect

import lightning
from lightning import backend, errors, invoice


def test_everything_public_of_the_port_is_exported():
    own = {
        name
        for module in (backend, errors, invoice)
        for name, member in vars(module).items()
        if not name.startswith("_") and getattr(member, "__module__", None) == module.__name__
    }

    assert own - {"check_terms"} == set(lightning.__all__)  # which is for adapters


def test_the_exported_names_exist_and_are_sorted():
    assert sorted(lightning.__all__) == lightning.__all__
    assert all(hasattr(lightning, name) for name in lightning.__all__)


def test_every_error_descends_from_one():
    raised = [member for _, member in inspect.getmembers(errors, inspect.isclass)]

    assert all(issubclass(error, lightning.LightningError) for error in raised)
