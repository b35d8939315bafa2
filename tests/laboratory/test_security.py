"""Who is let in, by host, origin and token."""

import pytest

from downslope.laboratory.security import Guard, is_loopback

HERE = Guard("127.0.0.1", 8765, "secret")
ABROAD = Guard("0.0.0.0", 8765, "secret")


def host(name):
    return [(b"host", name.encode())]


@pytest.mark.parametrize("name", ["127.0.0.1:8765", "localhost:8765", "[::1]:8765"])
def test_the_names_of_this_machine_are_known(name):
    assert HERE.knows_host(host(name)) and ABROAD.knows_host(host(name))


@pytest.mark.parametrize(
    "name",
    [
        "evil.example", "evil.example:8765", "127.0.0.1", "127.0.0.1:80", "localhost.evil.example:8765", "", ":8765",
        "127.0.0.1:8765@evil.example", "127.0.0.1:8765:8765", "192.168.0.2:8765", "localhost:\xb2",
        "localhost:" + "9" * 5000, "127.0.0.1:٨٧٦٥", "127.0.0.1:8765 ",
    ],
)  # fmt: skip
def test_other_names_are_not(name):
    assert not HERE.knows_host(host(name))


def test_the_usual_port_is_not_written():
    usual = Guard("127.0.0.1", 80)
    assert all(usual.knows_host(host(name)) for name in ("localhost", "localhost:80", "[::1]"))
    assert not usual.knows_host(host("localhost:8765"))


def test_two_hosts_or_none_are_refused():
    assert not HERE.knows_host([]) and not HERE.knows_host(host("localhost:8765") * 2)


def test_a_lab_for_others_takes_addresses_in_numbers_and_no_names():
    assert ABROAD.knows_host(host("192.168.0.2:8765")) and ABROAD.knows_host(host("[fe80::1]:8765"))
    assert not ABROAD.knows_host(host("evil.example:8765"))
    assert Guard("lab.example", 8765).knows_host(host("lab.example:8765"))


def test_the_origin_is_the_page_of_the_same_host():
    assert HERE.knows_origin([*host("localhost:8765"), (b"origin", b"http://localhost:8765")])
    for origin in (b"http://127.0.0.1:8765", b"https://localhost:8765", b"null", b"", b"http://localhost:8765/"):
        assert not HERE.knows_origin([*host("localhost:8765"), (b"origin", origin)])
    assert not HERE.knows_origin(host("localhost:8765"))


def test_the_token_comes_in_a_cookie_or_in_the_address():
    assert HERE.knows_bearer([(b"cookie", b"a=b; downslope-8765=secret")], b"")
    assert HERE.knows_bearer([], b"token=secret")
    for theirs in ('a={"x": 1}', "u=é", "x=a,b c", "a b", "=", ";;", "a=" + "=" * 100):
        both = f"{theirs}; downslope-8765=secret; {theirs}".encode()
        assert HERE.knows_bearer([(b"cookie", both)], b""), "cookies of other programs of this machine come too"
    for headers, query in (
        ([(b"cookie", b"downslope-8766=secret")], b""),
        ([(b"cookie", b"downslope-8765=secre")], b""),
        ([], b"token=secret2"),
        ([], b"token="),
        ([], b"token=%ff"),
        ([(b"cookie", b'downslope-8765="')], b"&" * 1000),
        ([], b"&".join([b"a=b"] * 100)),
    ):
        assert not HERE.knows_bearer(headers, query)


def test_each_start_has_a_token_of_its_own_that_is_not_shown():
    one, other = Guard("127.0.0.1", 1), Guard("127.0.0.1", 1)
    assert one.token != other.token and len(one.token) >= 40
    assert one.token not in repr(one)
    assert one.address() == f"http://127.0.0.1:1/?token={one.token}"


@pytest.mark.parametrize(
    ("name", "only_here"), [("127.0.0.1", 1), ("127.1.2.3", 1), ("::1", 1), ("0.0.0.0", 0), ("::", 0), ("lab", 0)]
)
def test_what_is_loopback(name, only_here):
    assert is_loopback(name) is bool(only_here)
