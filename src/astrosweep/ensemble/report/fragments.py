"""Pieces of a page: everything that comes from outside is escaped here."""

import base64
import html
from collections.abc import Sequence
from pathlib import Path

STYLE = """
body { font-family: system-ui, sans-serif; color: #222222; max-width: 1180px; margin: 1.5rem auto; }
body { padding: 0 1rem; line-height: 1.45; }
h1 { font-size: 1.5rem; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 2.2rem 0 0.4rem; border-top: 1px solid #c8c8c8; padding-top: 1.2rem; }
p { margin: 0.4rem 0; overflow-wrap: anywhere; }
.wide { overflow: auto; max-height: 32rem; margin: 0.6rem 0; }
table { border-collapse: collapse; font-size: 0.87rem; }
th, td { padding: 0.22rem 0.7rem; border-bottom: 1px solid #e2e2e2; text-align: right; white-space: nowrap; }
th { border-bottom: 2px solid #777777; vertical-align: bottom; position: sticky; top: 0; background: white; }
th.word, td.word { text-align: left; }
td.text { text-align: left; white-space: normal; overflow-wrap: anywhere; min-width: 12rem; }
tr.chosen td { font-weight: 600; background: #eef5fb; }
.warning { border: 2px solid #d55e00; background: #fdf0e8; padding: 0.7rem 1rem; margin: 0.8rem 0; }
pre { background: #f5f5f5; padding: 0.7rem 1rem; overflow: auto; font-size: 0.87rem; }
code { font-size: 0.9em; }
img { max-width: 100%; height: auto; }
figure { margin: 1rem 0; } figcaption { font-size: 0.87rem; color: #555555; max-width: 60rem; }
"""


def document(title: str, parts: Sequence[str]) -> str:
    """A whole page."""
    name, body = html.escape(title), "\n".join(part for part in parts if part)
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width">\n<title>{name}</title>\n'
        f"<style>{STYLE}</style>\n</head>\n<body>\n<h1>{name}</h1>\n{body}\n</body>\n</html>\n"
    )


def heading(text: str) -> str:
    """A heading of a section."""
    return f"<h2>{html.escape(text)}</h2>"


def paragraph(text: str) -> str:
    """A paragraph."""
    return f"<p>{html.escape(text)}</p>"


def warning(text: str) -> str:
    """A paragraph that nobody passes over."""
    return f'<p class="warning" role="alert"><strong>{html.escape(text)}</strong></p>'


def listing(text: str) -> str:
    """Lines of code."""
    return f"<pre><code>{html.escape(text)}</code></pre>"


def table(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    words: Sequence[str] = (),
    texts: Sequence[str] = (),
    marked: Sequence[int] = (),
) -> str:
    """A table.

    Args:
        columns: Headings; a new line is kept.
        rows: Cells of each row.
        words: Columns whose cells are words; others are numbers, on the right.
        texts: Columns whose cells are sentences, which are wrapped.
        marked: Rows that stand out.
    """
    classes = ["word" if one in words else "text" if one in texts else "" for one in columns]
    head = "".join(
        f'<th class="{"word" if kind else ""}">{html.escape(one).replace(chr(10), "<br>")}</th>'
        for one, kind in zip(columns, classes, strict=True)
    )
    lines = []
    for place, row in enumerate(rows):
        cells = "".join(
            f'<td class="{kind}">{html.escape(cell)}</td>' for cell, kind in zip(row, classes, strict=True)
        )
        lines.append(f'<tr class="chosen">{cells}</tr>' if place in marked else f"<tr>{cells}</tr>")
    body = "\n".join(lines)
    return (
        f'<div class="wide"><table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div>'
    )


def picture(path: Path, caption: str) -> str:
    """A PNG file in the page itself.

    Raises:
        OSError: It cannot be read.
    """
    data = base64.b64encode(path.read_bytes()).decode("ascii")
    text = html.escape(caption)
    return (
        f'<figure id="{html.escape(path.stem)}"><img src="data:image/png;base64,{data}" alt="{text}">'
        f"<figcaption>{text}</figcaption></figure>"
    )
