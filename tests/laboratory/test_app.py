"""The lab over HTTP and WebSocket, on a real port."""

import http.client
import json
import socket
import threading
import time
from contextlib import ExitStack

import pytest
import uvicorn
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from downslope.laboratory.app import Lab
from downslope.laboratory.limits import Limits
from downslope.laboratory.security import SENT, Guard
from downslope.laboratory.serve import configuration
from downslope.laboratory.uploads import Shelf

LONG = {"data": "thermometer", "optimizer": "adam", "learning_rate": 1e-6, "steps": 1_000_000}
FEW = Limits(upload_bytes=3_000_000, sessions=3)


class Served:
    """A lab on a free port, with the ways to knock at its door."""

    def __init__(self, lab, port):
        self.lab, self.port, self.guard = lab, port, lab.guard

    def get(self, path, **headers):
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        line.request("GET", path, headers=sent)
        answer = line.getresponse()
        content = answer.read()
        line.close()
        return answer.status, dict(answer.getheaders()), content.decode()

    def connect(self, *, token=None, cookie="", origin="", host="", **options):
        query = f"?token={token}" if token else ""
        headers = {"Cookie": cookie} if cookie else {}
        if host:
            headers["Host"] = host
        origin = origin or f"http://127.0.0.1:{self.port}"
        return connect(
            f"ws://127.0.0.1:{self.port}/ws{query}", origin=origin, additional_headers=headers, max_size=None, **options
        )

    def opened(self):
        return self.connect(cookie=f"{self.guard.cookie}={self.guard.token}")


@pytest.fixture(scope="module")
def served():
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    lab = Lab(Guard("127.0.0.1", port), FEW, Shelf(FEW), {})
    server = uvicorn.Server(configuration(lab))
    thread = threading.Thread(target=server.run, args=([listening],))
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield Served(lab, port)
    server.should_exit = True
    thread.join(20)
    lab.close(20)
    listening.close()
    assert not thread.is_alive()


@pytest.fixture(autouse=True)
def nobody_left(served):
    yield
    until = time.monotonic() + 10
    while served.lab.sessions and time.monotonic() < until:
        time.sleep(0.01)
    assert not served.lab.sessions, "a page that has gone leaves nothing"


def heard(line, kind, seconds=60):
    until = time.monotonic() + seconds
    while True:
        message = json.loads(line.recv(timeout=until - time.monotonic()))
        if message["kind"] == kind:
            return message
        assert message["kind"] != "error", message


def say(line, **message):
    line.send(json.dumps(message))


def test_the_page_opens_with_the_token_and_hands_out_a_cookie(served):
    status, headers, content = served.get(f"/?token={served.guard.token}")
    assert status == 200 and '<main id="app" data-kind="lab">' in content and "/assets/lab.js" in content
    cookie = headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and str(served.port) in cookie
    assert served.guard.token not in content
    again, _, _ = served.get("/", Cookie=cookie.partition(";")[0])
    assert again == 200


@pytest.mark.parametrize("path", ["/", "/?token=", "/?token=wrong", "/?token[]=x", "/?token=" + "x" * 5000, "/?tok=a"])
def test_without_the_token_the_page_is_closed(served, path):
    status, headers, content = served.get(path)
    assert status == 403 and "set-cookie" not in headers and "app" not in content


@pytest.mark.parametrize("cookie", ["", "wrong", "\x7f", "é", "a" * 3000])
def test_a_wrong_cookie_does_not_open(served, cookie):
    status, _, _ = served.get("/", Cookie=f"{served.guard.cookie}={cookie}".encode())
    assert status == 403


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "127.0.0.1.nip.io:{port}", ""]
)
def test_another_name_is_refused_whatever_it_brings(served, host):
    host = host.format(port=served.port)
    for path in (f"/?token={served.guard.token}", "/assets/lab.js"):
        status, headers, content = served.get(path, Host=host)
        assert status == 421 and "set-cookie" not in headers and "app" not in content


def test_this_machine_has_three_names(served):
    for name in ("127.0.0.1", "localhost", "[::1]"):
        assert served.get(f"/?token={served.guard.token}", Host=f"{name}:{served.port}")[0] == 200


def test_every_answer_carries_the_headers_of_security(served):
    paths = ["/", f"/?token={served.guard.token}", "/assets/lab.js", "/assets/none.js", "/nowhere"]
    for path in paths:
        _, headers, _ = served.get(path)
        assert {name.lower(): value for name, value in SENT.items()}.items() <= headers.items(), path
    policy = SENT["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'") and "unsafe-eval" not in policy
    assert "unsafe-inline" not in policy
    assert headers.get("server", "") == ""


@pytest.mark.parametrize(
    "name", ["..%2f..%2ferrors.py", "..%2fscene.py", "replay.js", "lab.js%00", "", "%2e%2e/scene.py"]
)
def test_no_other_file_can_be_had(served, name):
    assert served.get(f"/assets/{name}")[0] == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE"])
def test_the_page_is_only_read(served, method):
    line = http.client.HTTPConnection("127.0.0.1", served.port, timeout=10)
    line.request(method, f"/?token={served.guard.token}", body=b"x")
    assert line.getresponse().status == 405
    line.close()


def test_a_socket_needs_the_token_and_the_right_page(served):
    good = f"{served.guard.cookie}={served.guard.token}"
    wrong = [
        {}, {"token": "wrong"}, {"cookie": f"{served.guard.cookie}=wrong"}, {"cookie": f"other={served.guard.token}"},
        {"cookie": good, "origin": "http://evil.example"}, {"cookie": good, "origin": f"https://127.0.0.1:{served.port}"},
        {"cookie": good, "origin": f"http://localhost:{served.port}"}, {"cookie": good, "origin": "null"},
        {"cookie": good, "origin": "http://127.0.0.1:1"},
    ]  # fmt: skip
    for asked in wrong:
        with pytest.raises(InvalidStatus) as refused:
            served.connect(**asked)
        assert refused.value.response.status_code == 403, asked
    for asked in ({"cookie": good}, {"token": served.guard.token}):
        with served.connect(**asked) as line:
            say(line, kind="hello")
            assert heard(line, "hello")["samples"]


def test_a_socket_under_another_name_is_refused(served):
    """What a page of evil.example would send after its name was made to lead to 127.0.0.1."""
    raw = socket.create_connection(("127.0.0.1", served.port), timeout=10)
    name = f"evil.example:{served.port}"
    lines = [
        f"GET /ws?token={served.guard.token} HTTP/1.1", f"Host: {name}", f"Origin: http://{name}", "Upgrade: websocket",
        "Connection: Upgrade", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "", "",
    ]  # fmt: skip
    raw.sendall("\r\n".join(lines).encode())
    assert b" 403 " in raw.recv(100)
    raw.close()


def test_a_socket_without_an_origin_is_refused(served):
    with pytest.raises(InvalidStatus):
        connect(f"ws://127.0.0.1:{served.port}/ws?token={served.guard.token}")


def test_a_question_over_the_socket(served):
    with served.opened() as line:
        say(line, kind="hello", settings={})
        settings = heard(line, "hello")["settings"]
        say(line, kind="ask", slot="a", seq=1, settings=settings)
        assert heard(line, "view")["view"]["rows"] == 100


def test_a_diverging_run_is_still_json(served):
    with served.opened() as line:
        say(line, kind="ask", slot="a", seq=1, settings={"data": "thermometer", "learning_rate": 10, "steps": 2000})
        text = line.recv(timeout=60)
        json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))


def test_a_file_dropped_over_the_socket(served, line_csv):
    with served.opened() as line:
        say(line, kind="upload", name="mine.csv", size=len(line_csv))
        line.send(line_csv.encode()[:100])
        line.send(line_csv.encode()[100:])
        data = heard(line, "data")
        assert data["rows"] == 20
    with served.opened() as other:  # an address that was shared opens in another tab
        say(other, kind="hello", settings={"data": data["data"]})
        assert heard(other, "hello")["file"]["name"] == "mine.csv"
        say(other, kind="ask", slot="a", seq=1, settings={"data": data["data"]})
        assert heard(other, "view")["view"]["source"] == "mine.csv"


def test_too_large_an_upload_is_told(served):
    with served.opened() as line:
        say(line, kind="upload", name="big.csv", size=4_000_000)
        message = json.loads(line.recv(timeout=10))
        assert message["kind"] == "error" and message["field"] == "data" and "at most 3,000,000" in message["message"]
        line.send(b"x" * 100_000)
        say(line, kind="check", seq=1, formula="y = w*x", data="line")
        assert heard(line, "checked")["error"] is None


@pytest.mark.parametrize(
    "text", ["", "{", "nul", "[" * 100_000, '{"kind":' * 5_000, '{"kind": "hello", "settings": 1e999}', "\x00"]
)
def test_what_is_no_message_gets_an_error_and_the_line_holds(served, text):
    with served.opened() as line:
        line.send(text)
        assert json.loads(line.recv(timeout=10))["kind"] == "error"
        say(line, kind="check", seq=1, formula="y = w*x", data="line")
        heard(line, "checked")


def test_too_long_a_message_cuts_the_line(served):
    with served.opened() as line:
        with pytest.raises(ConnectionClosed):
            line.send("x" * (2 << 20))
            line.recv(timeout=10)
        assert line.close_code in (1009, 1006), "1006 where the line is cut before the reason was read"


def test_more_pages_than_agreed_are_sent_away(served):
    with ExitStack() as pages:
        for _ in range(3):
            line = pages.enter_context(served.opened())
            say(line, kind="hello")
            heard(line, "hello")
        late = pages.enter_context(served.opened())
        with pytest.raises(ConnectionClosed):
            late.recv(timeout=10)
        assert late.close_code == 1013 and "too many pages" in late.close_reason


def test_a_tab_that_closes_in_the_middle_of_a_run_disturbs_no_other(served):
    with served.opened() as other:
        with served.opened() as one:
            say(one, kind="ask", slot="a", seq=1, settings=LONG)
            heard(one, "progress")
        say(other, kind="ask", slot="a", seq=1, settings={"data": "line"})
        assert heard(other, "view")["view"]["rows"] == 100
    until = time.monotonic() + 5
    while (left := [each.name for each in threading.enumerate() if "lab: a" in each.name]) and time.monotonic() < until:
        time.sleep(0.02)
    assert left == []
