"""App: the lab as a web application: one page, its parts, and a socket for each open page."""

import threading
from collections.abc import Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from downslope.laboratory.limits import Limits
from downslope.laboratory.line import Line
from downslope.laboratory.page import ASSETS, CLOSED, PAGE, asset
from downslope.laboratory.security import SENT, Guard
from downslope.laboratory.session import Session
from downslope.laboratory.uploads import Shelf

NOT_ALLOWED, TRY_LATER = 1008, 1013


class Lab:
    """What the pages of one server share.

    first:   the settings that an empty page begins with
    greeted: set once a page has all that it shows at first, so that heavy imports may wait for it
    """

    def __init__(self, guard: Guard, limits: Limits, shelf: Shelf, first: Mapping[str, Any]) -> None:
        self.guard, self.limits, self.shelf, self.first = guard, limits, shelf, first
        self.greeted = threading.Event()
        self.sessions: set[Session] = set()
        self._ending: list[Session] = []
        """Those of pages that have gone, where something still runs."""

    def app(self) -> ASGIApp:
        """The application, behind its guard."""
        routes = [
            Route("/", self._page, methods=["GET"]),
            Route("/assets/{name}", self._asset, methods=["GET"]),
            WebSocketRoute("/ws", self._socket),
        ]
        return guarded(Starlette(routes=routes), self.guard)

    def close(self, seconds: float) -> None:
        """End what runs for the pages, so many seconds at most for each."""
        for session in [*self.sessions, *self._ending]:
            session.close(seconds)

    async def _page(self, request: Request) -> Response:
        if not self.guard.knows_bearer(request.headers.raw, request.url.query.encode()):
            return HTMLResponse(CLOSED, 403)
        return HTMLResponse(PAGE, headers={"Set-Cookie": self.guard.set_cookie})

    async def _asset(self, request: Request) -> Response:
        name = request.path_params["name"]
        content = asset(name)
        if content is None:
            return PlainTextResponse("there is no such file", 404)
        return Response(content, headers={"Content-Type": ASSETS[name]})

    async def _socket(self, socket: WebSocket) -> None:
        raw = socket.headers.raw
        if not self.guard.knows_origin(raw) or not self.guard.knows_bearer(raw, socket.url.query.encode()):
            await socket.close(NOT_ALLOWED)  # not accepted yet: a browser sees 403
            return
        await socket.accept()
        if len(self.sessions) >= self.limits.sessions:
            await socket.close(TRY_LATER, "too many pages of the lab are open; close one")
            return
        line = Line(socket)

        def send(said: dict[str, Any]) -> None:
            line.send(said)
            if said["kind"] == "hello":
                self.greeted.set()

        session = Session(send, shelf=self.shelf, first=self.first, limits=self.limits)
        self.sessions.add(session)
        try:
            await line.carry(session)
        finally:
            self.sessions.discard(session)
            session.close(0.0)
            self._ending = [each for each in (*self._ending, session) if each.alive]


def guarded(app: ASGIApp, guard: Guard) -> ASGIApp:
    """Refuse what was sent to another name, and send the headers of security with every answer."""

    async def checked(scope: Scope, receive: Receive, send: Send) -> None:
        async def secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SENT.items():
                    headers[name] = value
            await send(message)

        if scope["type"] not in ("http", "websocket") or guard.knows_host(scope["headers"]):
            await app(scope, receive, secured)
        elif scope["type"] == "http":
            await PlainTextResponse("this is not a name of the lab", 421)(scope, receive, secured)
        else:
            await WebSocket(scope, receive, send).close(NOT_ALLOWED)

    return checked
