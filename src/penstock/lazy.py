"""Names that a package offers and imports when somebody asks for them."""

import ast
import importlib
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any


def lazily(package: str) -> Callable[[str], Any]:
    """A package's `__getattr__`: it offers what stands under `if TYPE_CHECKING:` in its `__init__.py`.

    So a room's models can be imported without its verbs and what those need: a command of ours starts in half the time.
    """

    @cache
    def homes() -> dict[str, tuple[str, str | None]]:
        path = sys.modules[package].__file__
        assert path is not None
        return _homes(package, Path(path).read_text(encoding="utf-8"))

    def offer(name: str) -> Any:
        if name.startswith("__") or name not in homes():
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        home, attribute = homes()[name]
        module = importlib.import_module(home)
        value = module if attribute is None else getattr(module, attribute)
        setattr(sys.modules[package], name, value)
        return value

    return offer


def _homes(package: str, source: str) -> dict[str, tuple[str, str | None]]:
    """Name -> (module, attribute); no attribute where the name is a module of the package."""
    found: dict[str, tuple[str, str | None]] = {}
    for block in ast.parse(source).body:
        if isinstance(block, ast.If) and isinstance(block.test, ast.Name) and block.test.id == "TYPE_CHECKING":
            for line in block.body:
                assert isinstance(line, ast.ImportFrom)
                assert line.module is not None
                for one in line.names:
                    if line.module == package:
                        found[one.asname or one.name] = (f"{package}.{one.name}", None)
                    else:
                        found[one.asname or one.name] = (line.module, one.name)
    return found
