"""The OpenAPI document: what FastAPI derives, with the one shape of errors and what each call asks of its caller."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.routing import BaseRoute

from penstock.core import Value
from penstock.core.notes import field_notes
from penstock.server.access import Access

_PROBLEM: dict[str, Any] = {
    "type": "object",
    "title": "Problem",
    "description": "What happened, why, and what to do (RFC 9457). `errors` has one entry per thing that is wrong.",
    "required": ["type", "title", "status", "detail", "errors"],
    "properties": {
        "type": {"type": "string", "description": "The refusal's name, stable for programs."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["at", "detail", "code"],
                "properties": {"at": {"type": "string"}, "detail": {"type": "string"}, "code": {"type": "string"}},
            },
        },
    },
}
_DEFAULT = {
    "description": "Refused.",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The same key and request are done once and get the same answer, for a day.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}


def describe(app: FastAPI, routes: list[BaseRoute], access: list[Access]) -> dict[str, Any]:
    """The document of an app with these routes. Made once, when it is first asked for."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title,
            version=app.version,
            summary=app.summary,
            routes=routes,
            separate_input_output_schemas=False,
        )
        _add(document, {(a.path, a.method): a for a in access})
        app.openapi_schema = document
    return app.openapi_schema


def _add(document: dict[str, Any], access: dict[tuple[str, str], Access]) -> None:
    parts = document.setdefault("components", {})
    schemas: dict[str, Any] = parts.setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    _add_notes(schemas)
    schemas["Problem"] = _PROBLEM
    parts["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer"},
        "session": {"type": "apiKey", "in": "cookie", "name": "penstock_session"},
    }
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            operation["responses"].pop("422", None)
            operation["responses"]["default"] = _DEFAULT
            call = access.get((path, method.upper()))
            if call is None:
                continue
            operation["x-needs"] = call.word
            if call.needs is not None:
                operation["security"] = [{"token": []}, {"session": []}]
                if method == "post":
                    operation.setdefault("parameters", []).append(_KEY)


def _add_notes(schemas: dict[str, Any]) -> None:
    """What the source says of each value's fields."""
    values = list(_below(Value))
    names = Counter(value.__name__ for value in values)
    for value in values:
        alone = names[value.__name__] == 1
        name = value.__name__ if alone else f"{value.__module__}__{value.__name__}".replace(".", "__")
        properties: dict[str, Any] = schemas.get(re.sub(r"\W", "_", name), {}).get("properties", {})
        for field, note in field_notes(value).items() if properties else ():
            shown = properties.get(value.model_fields[field].alias or field)
            if shown is not None:
                shown.setdefault("description", note)


def _below(base: type[Value]) -> Iterator[type[Value]]:
    for value in base.__subclasses__():
        yield value
        yield from _below(value)
