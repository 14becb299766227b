"""What is shown once is stored nowhere, not even for a request that is repeated."""

from collections.abc import Iterator

import pytest

import penstock.server.app  # noqa: F401 every room's values are known then
from penstock.core import Value
from penstock.core.values import ShownOnce

SECRET = "s3cret"


def below(base: type[Value]) -> Iterator[type[Value]]:
    for value in base.__subclasses__():
        yield value
        yield from below(value)


@pytest.mark.parametrize("value", list(below(ShownOnce)), ids=lambda value: value.__name__)
def test_secrets_are_left_out_of_what_is_kept(value: type[ShownOnce]) -> None:
    fields = value.model_fields
    filled = {name: {"a": SECRET} if isinstance(fields[name].get_default(), dict) else SECRET for name in value.SECRETS}
    shown = value.model_construct(**filled)
    assert SECRET in shown.model_dump_json(warnings=False)
    assert SECRET not in shown.without_secrets().model_dump_json(warnings=False)


def test_answers_with_a_secret_are_known_as_such() -> None:
    found = [value for value in below(Value) if "secret" in value.model_fields]
    assert found
    assert [value.__name__ for value in found if not issubclass(value, ShownOnce)] == []


def test_applying_a_pipeline_keeps_no_link(api) -> None:
    pipeline = {"yaml": "project: first\nteams: {experts: [two@example.org]}\n"}
    headers = {"idempotency-key": "apply"}
    first = api.owner.post(api.path("/pipeline/apply"), json=pipeline, headers=headers).json()
    again = api.owner.post(api.path("/pipeline/apply"), json=pipeline, headers=headers).json()
    (link,) = first["links"].values()
    assert again == first | {"links": {}}
    with api.store.db.transaction(0) as tx:
        assert not any(link in body for body in tx.values(str, "select body from answered where body is not null"))
