import pytest

from downslope.data import text as text_module
from downslope.data.text import as_text
from downslope.errors import DataError, RequestError


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_decides(encoding):
    assert as_text("x,µ\n1,2\n".encode(encoding), "ascii", "t.csv") == "x,µ\n1,2\n"


@pytest.mark.parametrize("ends", ["\r\n", "\r", "\n"])
def test_line_ends_become_one_kind(ends):
    assert as_text(ends.join(["x,y", "1,2", "3,4"]).encode(), "utf-8", "t.csv") == "x,y\n1,2\n3,4"


@pytest.mark.parametrize("raw", [b"", b"\n\n", b"\xef\xbb\xbf", b" \r\n"])
def test_nothing_is_called_empty(raw):
    with pytest.raises(DataError, match=r"^t\.csv is empty$"):
        as_text(raw, "utf-8", "t.csv")


def test_latin_1_is_refused_by_byte_line_and_remedy():
    with pytest.raises(DataError, match=r"line 3: byte 9 \(0xb5\) is not utf-8. Try --encoding latin-1"):
        as_text(b"x,y\n1,2\n3\xb5,4\n", "utf-8", "t.csv")
    assert as_text(b"\xb5\n1", "latin-1", "t.csv") == "µ\n1"


def test_an_encoding_nobody_knows_is_a_bad_request():
    for name in ("utf-9", "hex", "rot13"):
        with pytest.raises(RequestError, match=f"unknown encoding '{name}'"):
            as_text(b"x", name, "t.csv")


@pytest.mark.parametrize(
    "raw, says",
    [
        (b"x,y\n1,\x002\n", "NUL character in line 2"),
        (b"\xff\x00\x01\x02" * 30, "a NUL byte at byte 1"),
        (b"x,y\n1,\x012\n", "0x01 in line 2"),
        ("x,y\n1,2\n".encode("utf-16-le"), "--encoding utf-16-le"),
    ],
)
def test_binary_is_not_text(raw, says):
    with pytest.raises(DataError, match="not text") as refused:
        as_text(raw, "utf-8", "t.csv")
    assert says in str(refused.value)


def test_a_line_without_end_is_refused(monkeypatch):
    monkeypatch.setattr(text_module, "LONGEST_LINE", 100)
    with pytest.raises(DataError, match="line 2 is longer than 100 characters"):
        as_text(b"x,y\n" + b"1" * 500 + b"\n1,2\n", "utf-8", "t.csv")
    assert as_text(b"x,y\n" * 200, "utf-8", "t.csv")
