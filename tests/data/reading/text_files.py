"""One small table in many layouts of text."""

from pathlib import Path
from typing import Any

from astrosweep.data.reading import RawTable, read_table

IDS = (4111834567779557376, 4111834567779557377)
TABLE = {"source_id": [*IDS], "Name": ["NGC 7006", "M 30"], "Plx": [0.5, None], "n": [3, 4]}
UNITS = {"Plx": "mas"}

_BARE = f"""source_id|Name|Plx|n
{IDS[0]}|NGC 7006|0.5|3
{IDS[1]}|M 30|--|4
"""
LAYOUTS = {
    "bars": _BARE,
    "bars at the ends": "".join(f"|{line}|\n" for line in _BARE.splitlines()),
    "markdown": f"""| source_id | Name | Plx | n |
|-----------|:----:|----:|---|
| {IDS[0]} | NGC 7006 | 0.5 | 3 |
| {IDS[1]} | M 30 |  | 4 |
""",
    "psql": f"""      source_id      |   Name   | Plx | n
---------------------+----------+-----+---
 {IDS[0]} | NGC 7006 | 0.5 | 3
 {IDS[1]} | M 30     |     | 4
""",
    "boxes": f"""+---------------------+----------+-----+---+
|           source_id | Name     | Plx | n |
+---------------------+----------+-----+---+
| {IDS[0]} | NGC 7006 | 0.5 | 3 |
| {IDS[1]} | M 30     | --  | 4 |
+---------------------+----------+-----+---+
""",
    "commas": _BARE.replace("|", ","),
    "commas and blanks": _BARE.replace("|", " , "),
    "semicolons": _BARE.replace("|", ";"),
    "a spreadsheet's": "sep=;\n" + _BARE.replace("|", ";"),
    "tabs": _BARE.replace("|", "\t"),
    "blanks": _BARE.replace("NGC 7006", '"NGC 7006"').replace("M 30", '"M 30"').replace("|", "  "),
    "names in a comment": "# one\n# " + _BARE.replace("|", ","),
    "names after a percent sign": "% one\n%" + _BARE.replace("|", ",") + "% two, three\n",
    "names after an exclamation mark": "! one\n!" + _BARE.replace("|", "\t"),
    "units below": _BARE.replace("n\n", "n\n||mas|\n", 1).replace("|", ","),
    "units in brackets": _BARE.replace("n\n", "n\n[-]|[-]|[mas]|[-]\n", 1).replace("|", ";"),
    "units in a comment": "# "
    + _BARE.replace("n\n", "n\n# -- -- mas --\n", 1)
    .replace("|", " ")
    .replace("NGC 7006", '"NGC 7006"')
    .replace("M 30", '"M 30"'),
    "VizieR": f"""#
#   VizieR Astronomical Server
#---Details of Columns:
source_id\tName\tPlx\tn
 \t \tmas\t
-------------------\t--------\t---\t-
{IDS[0]}\tNGC 7006\t 0.5\t3
{IDS[1]}\tM 30    \t    \t4

""",
    "a rule below": f"""source_id           Name     Plx n
                             mas
------------------- -------- --- -
{IDS[0]} NGC 7006 0.5 3
{IDS[1]} M 30         4
""",
    "rules around": f"""=================== ======== === =
          source_id     Name Plx n
=================== ======== === =
{IDS[0]} NGC 7006 0.5 3
{IDS[1]}     M 30  -- 4
=================== ======== === =
""",
    "IPAC": f"""\\catalogue = small
|source_id          |Name    |Plx   |n  |
|long               |char    |double|int|
|                   |        |mas   |   |
|null               |null    |null  |nul|
 {IDS[0]} NGC 7006 0.5    3
 {IDS[1]} M 30     null   4
""",
    "IPAC without types": f"""|source_id          |Name    |Plx   |n  |
 {IDS[0]} NGC 7006    0.5   3
 {IDS[1]} M 30        ---   4
""",
    "CDS": f"""Title: Two clusters
================================================================================
Byte-by-byte Description of file: table1.dat
--------------------------------------------------------------------------------
   Bytes Format Units  Label     Explanations
--------------------------------------------------------------------------------
   1- 19  I19   ---    source_id Identifier
  21- 28  A8    ---    Name      Name
  30- 32  F3.1  mas    Plx       ? Parallax
      34  I1    ---    n         Number
--------------------------------------------------------------------------------
{IDS[0]} NGC 7006 0.5 3
{IDS[1]} M 30     --- 4
""",
}
WITHOUT_UNITS = {"IPAC without types"} | {name for name, text in LAYOUTS.items() if "mas" not in text}


def read(folder: Path, content: str | bytes, name: str = "table.txt", **options: Any) -> RawTable:
    """Write a file and read it."""
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_table(path, **options)


def columns(raw: RawTable) -> dict[str, list[Any]]:
    """Return the columns of a table as lists, None for what is missing."""
    return {
        str(name): [None if missing else value for value, missing in zip(column, column.isna(), strict=True)]
        for name, column in raw.frame.items()
    }
