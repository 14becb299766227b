"""The query language: read, checked, printed and evaluated. Pure: nothing here touches the database.

expression = query.parse('labels.car >= 3 and not in "region b"')
query.check(expression, context="file")
query.evaluate(expression, facts)
str(expression)
"""

from penstock.datasets.query.check import Context, Names, Need, check, needs
from penstock.datasets.query.errors import QueryInvalid
from penstock.datasets.query.evaluate import evaluate
from penstock.datasets.query.expression import Expression
from penstock.datasets.query.facts import Facts, Given, Mark
from penstock.datasets.query.parse import parse

__all__ = [
    "Context",
    "Expression",
    "Facts",
    "Given",
    "Mark",
    "Names",
    "Need",
    "QueryInvalid",
    "check",
    "evaluate",
    "needs",
    "parse",
]
