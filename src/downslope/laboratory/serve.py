"""Serve: a lab on a free port of this machine, until Ctrl-C."""

import errno
import gc
import logging
import os
import socket
import threading
import webbrowser
from collections.abc import Callable, Mapping
from typing import Any

import uvicorn

import downslope as ds
from downslope.errors import OutputError
from downslope.laboratory import keys
from downslope.laboratory.app import Lab
from downslope.laboratory.limits import Limits
from downslope.laboratory.loading import load_what_computes
from downslope.laboratory.security import Guard, is_loopback
from downslope.laboratory.uploads import Shelf

MOST_PORTS = 50
"""Ports that are tried, one after the other."""
TAKEN = (errno.EADDRINUSE,) if os.name == "posix" else (errno.EADDRINUSE, errno.EACCES)
"""What is said of a port that somebody has; elsewhere than on Windows the second one means that it is not allowed."""
PATIENCE = 1.0
"""Seconds that pages have to close at the end."""
WARM_UP = 2.0
"""Seconds that heavy imports wait for the first page."""


def serve(
    first: Mapping[str, Any],
    shelf: Shelf,
    limits: Limits,
    *,
    host: str,
    port: int,
    browser: bool,
    say: Callable[[str], None],
) -> None:
    """Serve the lab until Ctrl-C or SIGTERM.

    Args:   say: takes the lines that tell where the lab is.
    Raises: OutputError if it can listen nowhere.
    """
    listening = listen(host, port, say)
    number = listening.getsockname()[1]
    # a key that went over a network is for one start only, and so is one of a port that is any
    guard = Guard(host, number, keys.kept(number) if port and is_loopback(host) else keys.fresh())
    lab = Lab(guard, limits, shelf, first)
    if not is_loopback(host):
        say(
            f"warning: {host} can be reached from other machines. Whoever has the address below can use this lab, and "
            "it is sent over the network unencrypted"
        )
    say(f"downslope lab: {guard.address()}")
    say("Ctrl-C ends it")
    if browser:
        threading.Thread(target=webbrowser.open, args=(guard.address(),), daemon=True).start()
    threading.Thread(target=_warm_up, args=(lab.greeted,), daemon=True).start()
    try:
        uvicorn.Server(configuration(lab)).run([listening])
    except KeyboardInterrupt:  # what uvicorn raises again once it has closed its lines
        pass
    finally:
        lab.close(PATIENCE)
        listening.close()
    say("the lab is closed")


def listen(host: str, port: int, say: Callable[[str], None]) -> socket.socket:
    """A socket on this port, or on the next free one.

    Raises: OutputError.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    numbers = range(port, min(port + MOST_PORTS, 65536)) if port else range(1)
    for number in numbers:
        listening = socket.socket(family)
        if os.name == "posix":  # elsewhere it would take the port away from whoever has it
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((host, number))
            listening.listen(128)  # a bound port may still be taken: another may listen on it
        except OSError as error:
            listening.close()
            if error.errno in TAKEN:
                continue
            where = f"port {number} of {host}" if number else host
            raise OutputError(f"cannot listen on {where}: {error.strerror or error}") from None
        if number != port:
            say(f"port {port} is taken, so this is {number}")
        return listening
    raise OutputError(f"cannot listen on {host}: the ports {numbers[0]} to {numbers[-1]} are all taken")


def configuration(lab: Lab) -> uvicorn.Config:
    """How uvicorn serves a lab."""
    return uvicorn.Config(
        lab.app(),
        log_level="critical",  # it would tell of each page that closes at the end
        access_log=False,
        server_header=False,
        lifespan="off",
        ws="websockets-sansio",
        ws_max_size=lab.limits.message_bytes,
        ws_per_message_deflate=False,  # on one machine it costs more than it saves
        timeout_graceful_shutdown=int(PATIENCE),
        h11_max_incomplete_event_size=1 << 16,
    )


def _warm_up(greeted: threading.Event) -> None:
    """Import what computes, and compile what most fits share, once the first page stands there."""
    greeted.wait(WARM_UP)
    try:
        load_what_computes()
        ds.compile_cache()
        ds.fit("y = w*x + b", ds.sample("line"), optimizer="gd", learning_rate=0.1, steps=1)
        gc.collect()
        gc.freeze()  # what was imported stays: looking through it is a pause of 0.1 s under a slider
    except Exception:  # whoever asks first meets the same, and is told
        logging.getLogger(__name__).exception("the lab could not be warmed up")
