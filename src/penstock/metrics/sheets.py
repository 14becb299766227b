"""Reports as CSV, as spreadsheets read it. Pure."""

import csv
import io
from collections.abc import Sequence
from typing import Any

from penstock.core import Value

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def sheet(shape: type[Value], rows: Sequence[Value]) -> bytes:
    """Rows under the names of their fields, in UTF-8 with a mark that makes spreadsheets read it as such.

    Text that a spreadsheet would take for a formula begins with an apostrophe. Lists have no place and are left out.
    """
    fields = [name for name, field in shape.model_fields.items() if "tuple" not in str(field.annotation)]
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(fields)
    writer.writerows([_cell(getattr(row, name)) for name in fields] for row in rows)
    return out.getvalue().encode("utf-8-sig")


def _cell(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    if isinstance(value, float):
        return round(value, 4)
    return value
