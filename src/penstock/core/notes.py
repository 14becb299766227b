"""What the source says of a value's fields: the string below a field, or the `#:` beside it.

Read from the source when somebody asks (the OpenAPI document, the reference). Pydantic can do it as each class is made
(`use_attribute_docstrings`), but that was more than half of the server's start: it walks every loaded module per class.
"""

import ast
import inspect
import sys
from functools import lru_cache

from pydantic import BaseModel


def field_notes(value: type[BaseModel]) -> dict[str, str]:
    """A note by the field's name, its bases' included. Fields without a note are left out."""
    notes: dict[str, str] = {}
    for cls in reversed(value.__mro__):
        if cls.__module__.startswith("penstock."):
            notes |= _of_module(cls.__module__).get(cls.__qualname__.partition("[")[0], {})
    return {name: note for name, note in notes.items() if name in value.model_fields}


@lru_cache
def _of_module(name: str) -> dict[str, dict[str, str]]:
    source = inspect.getsource(sys.modules[name])
    lines = source.splitlines()
    return {node.name: _of_class(node, lines) for node in ast.parse(source).body if isinstance(node, ast.ClassDef)}


def _of_class(node: ast.ClassDef, lines: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for field, below in zip(node.body, [*node.body[1:], None], strict=True):
        if not (isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)):
            continue
        beside = lines[(field.end_lineno or field.lineno) - 1].partition("#: ")[2]
        if beside:
            found[field.target.id] = beside.strip()
        match below:
            case ast.Expr(value=ast.Constant(value=str(text))):
                found[field.target.id] = inspect.cleandoc(text)
            case _:
                pass
    return found
