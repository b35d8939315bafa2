import bz2
import gzip
import io
import lzma
import os
import sys
import zipfile
from types import SimpleNamespace

import numpy as np
import pytest

from downslope.data import files, read
from downslope.errors import DataError

TEXT = b"x,y\n1,2\n3,4\n"


def refused(given):
    with pytest.raises(DataError) as caught:
        read(given)
    return str(caught.value)


def zipped(**members):
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "."), content)
    return raw.getvalue()


def test_a_missing_file_suggests_the_nearest_name(write):
    write(TEXT, "readings.csv")
    assert refused("reading.csv") == "reading.csv does not exist. Did you mean 'readings.csv'?"
    assert refused("https://example.org/t.csv").startswith("https://example.org/t.csv does not exist. An address")


def test_an_empty_file(write):
    assert refused(write("")) == "t.csv is empty"


def test_a_folder_is_refused(tmp_path):
    assert "is a folder" in refused(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    assert "is a pipe (FIFO)" in refused(tmp_path / "pipe.csv")
    assert "is no regular file" in refused("/dev/null")


def test_without_permission_the_reason_is_said(write, monkeypatch):
    name = write(TEXT)
    os.chmod(name, 0)
    if os.access(name, os.R_OK):  # the superuser may read everything
        monkeypatch.setattr(files.os, "access", lambda path, mode: False)
    assert refused(name) == "t.csv: no permission to read it"


@pytest.mark.parametrize("name", ["x" * 5000, "a\0b"])
def test_a_name_that_no_file_can_have(name):
    assert "cannot be read" in refused(name)


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_packed_files_are_known_by_their_first_bytes(write, pack):
    assert read(write(pack(TEXT), "t.csv"))["y"].tolist() == [2.0, 4.0]


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_a_packed_file_that_is_cut_short_is_refused(write, pack):
    assert "cut short" in refused(write(pack(TEXT * 99)[:-9]))


def test_a_damaged_packed_file_is_refused(write):
    raw = bytearray(gzip.compress(np.random.default_rng(0).bytes(5000)))
    raw[2000] ^= 255
    assert "damaged" in refused(write(bytes(raw)))
    assert "damaged" in refused(write(zipped(a__csv=TEXT)[:40]))


def test_zstd_is_unpacked_or_refused_with_advice(write, monkeypatch):
    raw = b"\x28\xb5\x2f\xfd" + b"\0" * 20

    def absent(name):
        raise ImportError(name)

    monkeypatch.setattr(files, "import_module", absent)
    assert "zstd -d t.csv" in refused(write(raw))
    fake = SimpleNamespace(open=lambda file: io.BytesIO(TEXT))
    monkeypatch.setattr(files, "import_module", lambda name: fake)
    assert read(write(raw))["y"].tolist() == [2.0, 4.0]


def test_a_zip_holds_one_file(write):
    assert read(write(zipped(t__csv=TEXT)))["y"].tolist() == [2.0, 4.0]
    assert read(write(zipped(t__csv=gzip.compress(TEXT))))["y"].tolist() == [2.0, 4.0]
    assert refused(write(zipped(a__csv=TEXT, b__csv=TEXT))).startswith("t.csv holds 2 files ('a.csv', 'b.csv')")
    assert "t.csv" in refused(write(zipped()))


def test_a_bomb_is_stopped_at_the_limit(write, monkeypatch):
    monkeypatch.setattr(files, "LARGEST", 1_000_000)
    for pack in (gzip.compress, bz2.compress, lzma.compress, lambda raw: zipped(t__csv=raw)):
        assert "unpacks to more than 1,000,000 bytes" in refused(write(pack(b"0" * 1_100_000)))


@pytest.mark.parametrize("name", ["PAR1", "PK", "BZh9", "ARROW1", "GIF8", "%PDF"])
def test_a_column_may_be_called_like_a_kind_of_file(write, name):
    for text in (f"{name},y\n1,2\n", f"{name}\n1\n"):
        assert read(write(text))[name].tolist() == [1.0]


@pytest.mark.parametrize(
    "raw, says",
    [
        (b"\x89PNG\r\n\x1a\n\0\0", "a PNG image"),
        (b"%PDF-1.7", "a PDF document"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Excel or Word file"),
        (zipped(**{"[Content_Types]__xml": b"<x/>", "xl": b""}), "a spreadsheet or document"),
        (b"\x93NUMPY\x01\x00", "np.savez"),
        (b"ARROW1\0\0", "an Arrow file"),
    ],
)
def test_other_kinds_of_file_are_refused_by_name(write, raw, says):
    message = refused(write(raw))
    assert message.startswith("t.csv is ")
    assert says in message


def test_standard_input_is_read_once(monkeypatch):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(TEXT + b"5,oops\n")))
    table = read("-")
    assert table.source == "standard input"
    with pytest.raises(DataError, match="standard input, line 4, column 'y': 'oops'"):
        table["y"]
    monkeypatch.setattr(sys, "stdin", None)
    assert "standard input cannot be read" in refused("-")


def test_names_that_a_terminal_would_obey_are_escaped(write):
    assert refused("\x1b(0.csv") == "'\\x1b(0.csv' does not exist."


def test_files_match_by_name_not_by_order(write):
    write("x,y\n1,2\n", "a.csv")
    write("y;x\n4;3\n", "b.csv")
    for given in ("?.csv", ["a.csv", "b.csv"], ("a.csv", "b.csv")):
        table = read(given)
        assert table["x"].tolist() == [1.0, 3.0]
        assert table["y"].tolist() == [2.0, 4.0]
        assert table.source == "2 files"
        assert not table["x"].flags.writeable
    assert read(["a.csv"]).source == "a.csv"


def test_a_file_with_other_columns_is_refused_by_name(write):
    write("x,y\n1,2\n", "a.csv")
    write("x,z\n3,4\n", "b.csv")
    assert refused("?.csv") == "b.csv lacks 'y' and has 'z'; a.csv has 'x', 'y'"


def test_a_fault_in_one_of_several_files_names_the_file(write):
    write("x,y\n1,2\n", "a.csv")
    write("x,y\n3,oops\n", "b.csv")
    table = read("?.csv")
    assert table["x"].tolist() == [1.0, 3.0]
    with pytest.raises(DataError, match=r"b\.csv, line 2, column 'y': 'oops'"):
        table["y"]


def test_a_pattern_without_match_is_refused():
    assert refused("no/such/*.csv") == "no file matches 'no/such/*.csv'"


def test_a_file_whose_name_looks_like_a_pattern(write):
    assert read(write(TEXT, "t[1].csv")).rows == 2
