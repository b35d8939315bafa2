"""Limits: how much one page may ask of the lab."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """What the lab takes at most; it says so in its first message.

    upload_bytes   of a dropped file
    rows           of a table, dropped or made
    numbers        of all dropped tables that are kept at once; the oldest leave first
    made           numbers of all tables that are made for one page and kept; none may be larger
    steps          of a descent: a larger one belongs in a script, where no page waits for it
    sessions       pages that may be open at once
    message_bytes  of one message; an upload comes in pieces of a mebibyte
    text           letters of one setting
    """

    upload_bytes: int = 200_000_000
    rows: int = 5_000_000
    numbers: int = 200_000_000
    made: int = 50_000_000
    steps: int = 1_000_000
    sessions: int = 20
    message_bytes: int = (1 << 20) + 1024
    text: int = 10_000
