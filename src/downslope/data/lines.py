"""Lines of a text, and the records in them; a record may span lines where a quoted cell holds a line end."""

import csv
import re
from collections.abc import Iterator

from downslope.data.places import excerpt
from downslope.errors import DataError

CANDIDATES = (",", ";", "\t", "|")
BLANKS = " "  # the delimiter that stands for any run of spaces and tabs


class Lines:
    """The lines of a text one by one, with their numbers as an editor shows them; blank and comment lines are skipped.

    above: lines that stand before the text; number: of the line handed out last; first: of the first one since it was
    set to 0; offset: where the next begins.

    >>> lines = Lines("x,y\\n\\n# note\\n1,2\\n", comment="#")
    >>> [(line, lines.number) for line in lines]
    [('x,y\\n', 1), ('1,2\\n', 4)]
    """

    def __init__(self, text: str, comment: str | None = None, above: int = 0) -> None:
        self.text, self.comment, self.above = text, comment, above
        self.delimiter: str | None = None
        self.offset = self.first = 0
        self.number = above

    def __iter__(self) -> "Lines":
        return self

    def __next__(self) -> str:
        while self.offset < len(self.text):
            end = self.text.find("\n", self.offset) + 1 or len(self.text)
            line = self.text[self.offset : end]
            self.offset = end
            self.number += 1
            if self._skipped(line):
                continue
            self.first = self.first or self.number
            return line
        raise StopIteration

    def _skipped(self, line: str) -> bool:
        if self.comment is not None and line.lstrip().startswith(self.comment):
            return True
        # A line of nothing but tabs is a row of empty cells where tabs part the cells.
        return line.isspace() and (self.delimiter != "\t" or "\t" not in line)

    def peek(self) -> str:
        """The next line, without moving on; "" at the end."""
        before = self.offset, self.number, self.first
        line = next(self, "")
        self.offset, self.number, self.first = before
        return line


def records(lines: Lines, delimiter: str, source: str) -> Iterator[tuple[int, list[str]]]:
    """Number of the first line and the cells of each record.

    Raises: DataError for quotes that do not pair and for cells beyond the limit of Python's csv module.

    >>> list(records(Lines('x,"a\\nb"\\n1,2'), ",", "t.csv"))
    [(1, ['x', 'a\\nb']), (3, ['1', '2'])]
    """
    lines.delimiter = delimiter
    if delimiter == BLANKS:
        for line in lines:
            yield lines.number, line.split()
        return
    reader = csv.reader(lines, delimiter=delimiter, strict=True, skipinitialspace=True)
    while True:
        lines.first = 0
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise _unpaired(lines, source, str(error)) from None
        yield lines.first, cells


def _unpaired(lines: Lines, source: str, error: str) -> DataError:
    if "limit" in error:
        limit = f"a cell longer than {csv.field_size_limit():,} characters; is a quote never closed?"
        return DataError(f"{source}, line {lines.first}: {limit}")
    line = _numbered(lines.text, lines.first - lines.above)
    if "end of data" in error or lines.number > lines.first:
        return DataError(f"{source}, line {lines.first}: a quote opens and is not closed: {excerpt(line)}")
    return DataError(f"{source}, line {lines.first}: text after a closing quote: {excerpt(line)}")


def _numbered(text: str, number: int) -> str:
    """The line of this number."""
    return text.split("\n", number)[number - 1]


def find_delimiter(lines: Lines, decimal: str) -> str:
    """The character that parts the cells of the first line; blanks only where the second line has as many numbers.

    >>> find_delimiter(Lines("x;y\\n1,5;2,5"), ".")
    ';'
    """
    line = re.sub(r'"[^"]*"?', "", lines.peek())
    counts = {mark: line.count(mark) for mark in CANDIDATES if mark != decimal}
    others = max(count for mark, count in counts.items() if mark != ",")
    if others and "," in counts:  # in a line of numbers, 1,5;2,5 has as many decimal commas as delimiters, or more
        counts[","] = len(re.findall(r"(?<![0-9]),|,(?![0-9])", line))
    best = max(counts, key=lambda mark: counts[mark])
    if counts[best]:
        return best
    return BLANKS if len(line.split()) > 1 else best
