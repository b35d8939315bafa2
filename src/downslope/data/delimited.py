"""Delimited text to columns. Every row must have as many cells as the header: nothing is padded, nothing collapsed."""

from collections.abc import Collection
from dataclasses import dataclass

from downslope.data.bulk import LARGE, bulk
from downslope.data.cells import is_number, numbers
from downslope.data.columns import Column
from downslope.data.lines import BLANKS, Lines, find_delimiter, records
from downslope.data.places import MOST_SHOWN, Places, excerpt
from downslope.data.reading import Reading
from downslope.data.sheet import Sheet, distinct
from downslope.errors import DataError, shortened

_SPOKEN = {"\t": "tabs", BLANKS: "blanks", ";": "';'", "|": "'|'"}


@dataclass(frozen=True)
class Header:
    """The names of the columns and how the text below is laid out."""

    names: tuple[str, ...]
    line: int
    delimiter: str
    notices: tuple[str, ...]


def read_text(text: str, source: str, only: Collection[str] | None, reading: Reading) -> Sheet:
    """Read delimited text, as `as_text` gives it.

    Raises: DataError if the text is no table: no rows, a row with a cell too many or too few, an open quote.

    >>> read_text("x,y\\n1,2\\n", "t.csv", None, Reading()).columns["y"].values
    array([2.])
    """
    lines = Lines(text, reading.comment)
    header = header_of(lines, source, reading)
    names, problems = distinct(header.names, source)
    said = (*header.notices, *_named_twice(problems, source))
    usable = [name not in problems and (only is None or name in only) for name in header.names]
    wanted = [index for index, name in enumerate(header.names) if usable[index]]
    arrays = None
    if len(text) - lines.offset > LARGE:
        arrays = bulk(text[lines.offset :], header.delimiter, len(header.names), wanted, reading)
    if arrays is not None:
        columns = {header.names[index]: Column(array) for index, array in zip(wanted, arrays, strict=True)}
        return Sheet(names, columns, problems, said, Places(source))
    sheet = sheet_below(lines, header, source, only, reading)
    if sheet is None:
        raise DataError(f"{source}: no rows below the header ({', '.join(map(str, header.names[:12]))})")
    return sheet


def sheet_below(
    lines: Lines, header: Header, source: str, only: Collection[str] | None, reading: Reading
) -> Sheet | None:
    """The rows of lines that stand below a header, read one by one; None if there are none.

    Raises: DataError as `read_text`.
    """
    names, problems = distinct(header.names, source)
    wanted = [
        index for index, name in enumerate(header.names) if name not in problems and (only is None or name in only)
    ]
    said = [*header.notices, *_named_twice(problems, source)]
    rows, numbered, short = _rows(lines, header, source, reading)
    if not rows:
        return None
    if short:
        said.append(_skipped(short, source))
    places = Places(source, numbered)
    columns: dict[str, Column] = {}
    for index in wanted:
        name, cells = header.names[index], [row[index] for row in rows]
        try:
            values, missing, notices = numbers(cells, name, places, decimal=reading.decimal, drop=reading.drops)
            columns[name] = Column(values, missing if len(missing) else None, False, notices)
        except DataError as error:
            problems[name] = _with_hint(error, cells[0], numbered[0], reading)
    return Sheet(names, columns, problems, tuple(said), places)


def _named_twice(problems: Collection[str], source: str) -> list[str]:
    return [f"{source}: the columns named {name!r} are left out: there are several" for name in problems]


def _skipped(lines: list[int], source: str) -> str:
    shown, more = ", ".join(map(str, lines[:MOST_SHOWN])), len(lines) - MOST_SHOWN
    if len(lines) == 1:
        return f"{source}: line {shown} skipped: it is too short or too long"
    listed = shown + (f" and {more} more" if more > 0 else "")
    return f"{source}: {len(lines)} lines skipped ({listed}): they are too short or too long"


def header_of(lines: Lines, source: str, reading: Reading) -> Header:
    """The names at the top of the lines, which then stand below them.

    Raises: DataError if there are none, or they look like data.
    """
    delimiter = reading.delimiter or find_delimiter(lines, reading.decimal)
    before = lines.offset, lines.number
    first = next(records(lines, delimiter, source), None)
    if first is None:
        raise DataError(f"{source} is empty: it holds comments and blank lines only")
    line, cells = first
    if reading.delimiter is None and delimiter == BLANKS and not _numbers_follow(lines, cells, reading):
        # One column with blanks in its name, not many columns parted by blanks.
        lines.offset, lines.number = before
        delimiter = ","
        line, cells = next(records(lines, delimiter, source))
    notices: list[str] = []
    if reading.delimiter is None and delimiter != "," and not (delimiter == "\t" and source.endswith(".tsv")):
        notices.append(f"{source}: cells are parted by {_SPOKEN[delimiter]}")
    if not reading.header:
        lines.offset, lines.number = before
        names = tuple(f"column{index}" for index in range(1, len(cells) + 1))
        return Header(names, 0, delimiter, tuple(notices))
    filled = [cell for cell in cells if cell.strip()]
    if filled and all(is_number(cell) or is_number(cell, ",") for cell in filled):
        raise DataError(
            f"{source}: line {line} looks like data: {excerpt(delimiter.join(cells))}."
            " Write names above it, or read it with --no-header (header=False): column1, column2, …"
        )
    stripped = [cell.strip() for cell in cells]
    for index, name in enumerate(stripped, start=1):
        if not name:
            stripped[index - 1] = f"column{index}"
            notices.append(f"{source}: column {index} has no name and is called 'column{index}'")
    return Header(tuple(stripped), line, delimiter, tuple(notices))


def _numbers_follow(lines: Lines, cells: list[str], reading: Reading) -> bool:
    """Whether the line below (or this one, if there is no header) has as many numbers as there are cells."""
    below = lines.peek().split() if reading.header else cells
    return len(below) == len(cells) and all(is_number(cell, reading.decimal) for cell in below)


def _rows(lines: Lines, header: Header, source: str, reading: Reading) -> tuple[list[list[str]], list[int], list[int]]:
    """All rows, the lines they begin on, and the lines that are skipped; refuses a file in which one is too short or
    too long, unless such lines are to be skipped.
    """
    width = len(header.names)
    rows: list[list[str]] = []
    numbered: list[int] = []
    odd: list[tuple[int, list[str]]] = []
    bad: list[int] = []
    for line, cells in records(lines, header.delimiter, source):
        if len(cells) == width:
            rows.append(cells)
            numbered.append(line)
        else:
            bad.append(line)
            if len(odd) < MOST_SHOWN:
                odd.append((line, cells))
    if odd and (reading.drops != "bad" or not rows):
        raise _ragged(odd, len(bad), len(rows), header, source)
    return rows, numbered, bad


def _ragged(odd: list[tuple[int, list[str]]], count: int, whole: int, header: Header, source: str) -> DataError:
    width = len(header.names)
    wanted = f"expected {width} cell{'s' if width > 1 else ''} ({shortened(header.names, 6)})"
    line, cells = odd[0]
    advice = "Complete or remove such lines."
    if header.names[0].startswith("#") or cells[0].lstrip().startswith("#"):
        advice = "Lines that start with # are skipped with --comment '#' (comment='#')."
    elif all(len(row) == width + 1 and not row[-1].strip() for _, row in odd):
        advice = f"The lines end with a {header.delimiter!r} too many: remove it."
    elif all(len(row) == 2 * width for _, row in odd) and header.delimiter == ",":
        advice = "If commas are decimal marks, part the cells by ';' and give --decimal , (decimal=',')."
    elif not whole:
        advice = "Give line 1 one name for each column."
    if count == 1:
        return DataError(
            f"{source}, line {line}: {wanted}, found {len(cells)}: {excerpt(header.delimiter.join(cells))}. {advice}"
        )
    listed = [f"  line {line} has {len(row)}: {excerpt(header.delimiter.join(row))}" for line, row in odd]
    more = [f"  and {count - len(odd)} more"] if count > len(odd) else []
    head = f"{source}: {count} lines are too short or too long; {wanted}"
    return DataError("\n".join([head, *listed, *more, advice]))


def _with_hint(error: DataError, first: str, line: int, reading: Reading) -> DataError:
    """Without a header, a first row of text was most likely one."""
    if reading.header or not first.strip()[:1].isalpha():
        return error
    return DataError(f"{error} Line {line} looks like a header: leave --no-header away (header=True).")
