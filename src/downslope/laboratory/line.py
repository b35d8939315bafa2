"""Line: a session's messages over one WebSocket: texts are JSON, bytes are pieces of an upload."""

import asyncio
from contextlib import suppress
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from downslope.laboratory.answering import answering
from downslope.laboratory.session import Session
from downslope.laboratory.wire import message_of, text_of

MOST_WAITING = 64
"""Messages that may wait for a slow page before it hears of progress no more."""
TOO_MANY = 1024
"""From here on the page is taken to have gone to sleep, and the line is cut; it will come back."""
TRY_LATER = 1013


class Line:
    """Carries messages both ways. `send` may be called from any thread."""

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket
        self._loop = asyncio.get_running_loop()
        self._waiting: asyncio.Queue[str | None] = asyncio.Queue()

    def send(self, message: dict[str, Any]) -> None:
        """Put a message on its way to the page; the text is made in the thread of whoever sends it."""
        waiting = self._waiting.qsize()
        if self._loop.is_closed() or (waiting > MOST_WAITING and message.get("kind") == "progress"):
            return
        text = text_of(message) if waiting < TOO_MANY else None
        with suppress(RuntimeError):  # the loop was closed just now
            self._loop.call_soon_threadsafe(self._waiting.put_nowait, text)

    async def carry(self, session: Session) -> None:
        """Carry until the page has gone."""
        listening = asyncio.create_task(self._listen(session))
        speaking = asyncio.create_task(self._speak())
        done, others = await asyncio.wait((listening, speaking), return_when=asyncio.FIRST_COMPLETED)
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        for task in done:
            task.result()

    async def _listen(self, session: Session) -> None:
        while True:
            got = await self._socket.receive()
            if got["type"] == "websocket.disconnect":
                return
            if got.get("text") is None:
                session.receive({"kind": "chunk"}, (got["bytes"],))
                continue
            with answering(self.send, {}):
                session.receive(message_of(got["text"]))

    async def _speak(self) -> None:
        while (text := await self._waiting.get()) is not None:
            try:
                await self._socket.send_text(text)
            except (WebSocketDisconnect, RuntimeError):  # the page went while it was spoken to
                return
        await self._socket.close(TRY_LATER, "this page takes no messages any more")
