"""What a table of habitue is: its grain, key, columns and identities."""

from __future__ import annotations

from dataclasses import dataclass

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

QUANTITY = "decimal(18, 3)"


@dataclass(frozen=True)
class Column:
    """One column: its type, what it means, and whether it is personal data."""

    name: str
    type: str
    meaning: str
    personal: bool = False


@dataclass(frozen=True)
class Schema:
    """One table: what a row is, what identifies it, and the accounting identities that hold in it."""

    name: str
    grain: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    identities: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Column names in order."""
        return tuple(column.name for column in self.columns)

    def ibis_schema(self) -> ibis.Schema:
        """The same as an Ibis schema."""
        return ibis.schema({column.name: column.type for column in self.columns})

    def cast(self, table: ir.Table) -> ir.Table:
        """The table with exactly these columns in this order and type."""
        wanted = {c.name: dt.dtype(c.type) for c in self.columns}
        return table.select(
            **{
                name: table[name] if table[name].type() == kind else table[name].cast(kind)
                for name, kind in wanted.items()
            }
        )


def columns(*rows: tuple[str, str, str]) -> tuple[Column, ...]:
    """Columns from (name, type, meaning)."""
    return tuple(Column(*row) for row in rows)
