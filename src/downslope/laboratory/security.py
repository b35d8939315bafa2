"""Security: who may talk to the lab. The page runs what it is asked to run on this machine, so only its owner may ask.

A token stands in the address that is printed; the page gets it as a cookie. Host and Origin
are checked, or any page on the internet could send its own name to 127.0.0.1 and talk to the lab in its visitor's
browser.
"""

import hmac
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import parse_qs

from downslope.laboratory.keys import fresh

Headers = Sequence[tuple[bytes, bytes]]
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")

SENT: Mapping[str, str] = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data: blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""Headers of every answer."""


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address.

    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("0.0.0.0")
    (True, True, False)
    """
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


@dataclass(frozen=True)
class Guard:
    """What a request is held against.

    host, port:  where the lab listens. On a loopback address only the names of this machine are let in; on another,
                 the addresses in numbers, and the name that was asked for.
    token:       the key; see keys.py.
    """

    host: str
    port: int
    token: str = field(default_factory=fresh, repr=False)

    @property
    def cookie(self) -> str:
        """The cookie's name: cookies know no ports, and two labs may run beside each other."""
        return f"downslope-{self.port}"

    @property
    def set_cookie(self) -> str:
        """The header that gives the token to a page, out of reach of scripts and of what other sites load. A link that
        is followed brings it, or a shared address would find the page closed.
        """
        return f"{self.cookie}={self.token}; Path=/; HttpOnly; SameSite=Lax"

    def address(self) -> str:
        """What the owner opens."""
        shown = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{shown}:{self.port}/?token={self.token}"

    def knows_host(self, headers: Headers) -> bool:
        """Whether a request was sent to a name of this lab, and to one only.

        >>> guard = Guard("127.0.0.1", 8765)
        >>> guard.knows_host([(b"host", b"localhost:8765")]), guard.knows_host([(b"host", b"evil.example:8765")])
        (True, False)
        """
        sent = _values(headers, b"host")
        return len(sent) == 1 and self._is_ours(sent[0])

    def knows_origin(self, headers: Headers) -> bool:
        """Whether a socket is opened by a page of this lab; browsers always say whose page it is."""
        sent, host = _values(headers, b"origin"), _values(headers, b"host")
        return len(sent) == 1 and len(host) == 1 and sent[0] == f"http://{host[0]}" and self._is_ours(host[0])

    def knows_bearer(self, headers: Headers, query: bytes) -> bool:
        """Whether a request brings the token, in its cookie or in its address."""
        given = [*_cookies(headers, self.cookie), *_asked(query)]
        return any(hmac.compare_digest(each.encode(), self.token.encode()) for each in given)

    def _is_ours(self, sent: str) -> bool:
        name = sent.removesuffix(f":{self.port}")
        if name == sent and self.port != 80:
            return False
        if is_loopback(self.host):
            return name in LOOPBACK or name.strip("[]") == self.host
        return name.strip("[]") == self.host or name in LOOPBACK or _is_number(name)


def _is_number(name: str) -> bool:
    """Whether a host is an address in numbers, which no name service can have led astray."""
    try:
        ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def _values(headers: Headers, name: bytes) -> list[str]:
    return [value.decode("latin-1") for each, value in headers if each.lower() == name]


def _cookies(headers: Headers, name: str) -> Collection[str]:
    # split by hand: http.cookies gives up all of a line for one cookie that it cannot read, and
    # cookies know no ports: those of every other program on this machine come too
    parts = [part.partition("=") for line in _values(headers, b"cookie") for part in line.split(";")]
    return [value.strip() for key, _, value in parts if key.strip() == name]


def _asked(query: bytes) -> Collection[str]:
    try:
        return parse_qs(query.decode("latin-1"), max_num_fields=20).get("token", [])
    except ValueError:
        return []
