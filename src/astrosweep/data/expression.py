"""Safe arithmetic expressions of columns."""

import ast
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from astrosweep.core.errors import DataError

_MAX_LENGTH = 300
_QUOTED = re.compile(r"`([^`]+)`")
_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
_UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {ast.UAdd: operator.pos, ast.USub: operator.neg}
_FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "log10": np.log10,
    "sqrt": np.sqrt,
    "abs": np.abs,
    "exp": np.exp,
}


@dataclass(frozen=True)
class Expression:
    """A parsed arithmetic expression of columns.

    Attributes:
        text: As written.
        tree: Its syntax tree, of allowed nodes only.
        names: Name in the tree to the column it stands for.
    """

    text: str
    tree: ast.expr
    names: Mapping[str, str]

    @classmethod
    def of_column(cls, column: str) -> "Expression":
        """Return the expression that is one column, whatever characters its name has."""
        return cls(column, ast.Name("_0"), {"_0": column})

    @property
    def columns(self) -> frozenset[str]:
        """The columns it needs."""
        return frozenset(self.names.values())

    @property
    def column(self) -> str | None:
        """The column that it is, if it is no more than one column."""
        return self.names[self.tree.id] if isinstance(self.tree, ast.Name) else None

    def evaluate(self, values: Mapping[str, Any]) -> Any:
        """Return its value for arrays, or quantities, of the columns; not finite where undefined."""
        with np.errstate(all="ignore"):
            return self._value(self.tree, values)

    def _value(self, node: ast.expr, values: Mapping[str, Any]) -> Any:
        match node:
            case ast.Name(id=name):
                return values[self.names[name]]
            case ast.Constant(value=int() | float() as number):
                return np.float64(number)
            case ast.UnaryOp(op=sign, operand=operand):
                return _UNARY[type(sign)](self._value(operand, values))
            case ast.BinOp(left=left, op=sign, right=right):
                return _BINARY[type(sign)](self._value(left, values), self._value(right, values))
            case ast.Call(func=ast.Name(id=name), args=[argument]):
                return _FUNCTIONS[name](self._value(argument, values))
        raise AssertionError(f"parse let {ast.dump(node)} pass")


def parse_expression(text: str) -> Expression:
    """Parse an arithmetic expression of columns.

    Allowed: numbers, column names (in backticks if they hold other characters than letters, digits and
    underscores), ``+ - * / **``, parentheses, and the functions log10, sqrt, abs and exp.

    Args:
        text: For example "BPmag - RPmag" or "log10(Period) - 0.3 * `[Fe/H]`".

    Returns:
        The expression; its columns are not looked up yet.

    Raises:
        DataError: It is too long, not arithmetic, or calls another function.
    """
    if len(text) > _MAX_LENGTH:
        raise DataError(f"expression {text[:40]!r}... is longer than {_MAX_LENGTH} characters")
    names: dict[str, str] = {}

    def stand_in(match: re.Match[str]) -> str:
        names[f"_column_{len(names)}_"] = match[1]
        return next(reversed(names))

    try:
        tree = ast.parse(_QUOTED.sub(stand_in, text).strip(), mode="eval").body
        _check(tree, names)
    except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError) as error:
        raise DataError(
            f"{text!r} is no arithmetic expression of columns: {error}; allowed: numbers, column names (odd "
            f"ones in backticks), + - * / ** ( ) and {', '.join(_FUNCTIONS)}"
        ) from None
    return Expression(text, tree, names)


def _check(node: ast.expr, names: dict[str, str]) -> None:
    """Refuse every syntax that is not on the list; record the plain names."""
    match node:
        case ast.Name(id=name):
            names.setdefault(name, name)
        case ast.Constant(value=bool()):
            raise ValueError("true and false are no numbers")
        case ast.Constant(value=int() | float() as number):
            float(number)
        case ast.UnaryOp(op=ast.UAdd() | ast.USub(), operand=operand):
            _check(operand, names)
        case ast.BinOp(left=left, op=sign, right=right) if type(sign) in _BINARY:
            _check(left, names)
            _check(right, names)
        case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if name in _FUNCTIONS:
            _check(argument, names)
        case _:
            raise ValueError(f"{ast.unparse(node)!r} is not allowed")


def find_expression(text: str, columns: Sequence[str]) -> Expression | None:
    """Return the column of that name, or an expression; None if the table lacks a column that it needs.

    Raises:
        DataError: The text is neither a column nor an expression.
    """
    found = Expression.of_column(text) if text in columns else parse_expression(text)
    return found if found.columns <= set(columns) else None
