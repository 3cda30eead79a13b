"""The workers' first meeting, on the chief's port, before TensorFlow takes it: TensorFlow would wait without end."""

from __future__ import annotations

import contextlib
import json
import socket
import time
from collections.abc import Sequence

LONGEST = 65_536  # bytes of a message
PAUSE = 0.2  # seconds between two tries
PATIENCE = 5  # seconds for a guest to say who it is
GO = b"go"


def meet(addresses: Sequence[str], index: int, timeout: float) -> None:
    """Return when all workers are there.

    Args:
        addresses: "host:port" of every worker; all meet at the first one.
        index: int. Which of them this process is.
        timeout: float. Seconds to wait.

    Raises:
        ConnectionError: If some do not come in time, or their addresses are others.
    """
    deadline = time.monotonic() + timeout
    if index == 0:
        _receive(addresses, deadline)
    else:
        _go_to_chief(addresses, index, deadline)


def _receive(addresses: Sequence[str], deadline: float) -> None:
    """Wait for every other worker, then tell all to go on."""
    here: dict[int, socket.socket] = {}
    with contextlib.ExitStack() as lines:
        with socket.create_server(("", _port(addresses[0]))) as server:
            while len(here) < len(addresses) - 1:
                server.settimeout(max(deadline - time.monotonic(), 0.001))
                try:
                    guest = lines.enter_context(server.accept()[0])
                except TimeoutError as error:
                    missing = [addresses[i] for i in range(1, len(addresses)) if i not in here]
                    raise ConnectionError(f"These workers did not come in time: {', '.join(missing)}.") from error
                index = _greet(guest, addresses)
                if index is None:
                    guest.close()
                else:
                    here[index] = guest  # a worker that was started anew comes again
        for guest in here.values():
            guest.sendall(GO)
            guest.shutdown(socket.SHUT_WR)
            guest.recv(1)  # the guest hangs up first, so that the port is free


def _greet(guest: socket.socket, addresses: Sequence[str]) -> int | None:
    """Return which worker came; None for who is none."""
    guest.settimeout(PATIENCE)
    try:
        told = json.loads(guest.makefile("rb").readline(LONGEST))
        index, theirs = int(told["index"]), told["addresses"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if theirs != list(addresses):
        message = f"Worker {index} was started with other addresses than worker 0: {theirs}, not {list(addresses)}."
        guest.sendall(message.encode())
        raise ConnectionError(message)
    return index if 0 < index < len(addresses) else None


def _go_to_chief(addresses: Sequence[str], index: int, deadline: float) -> None:
    """Come to the chief, as often as it is not there yet, and wait for its word."""
    host, port = addresses[0].split(":")[0], _port(addresses[0])
    message = json.dumps({"index": index, "addresses": list(addresses)}).encode() + b"\n"
    while (left := deadline - time.monotonic()) > 0:
        try:
            with socket.create_connection((host, port), timeout=left) as chief:
                chief.sendall(message)
                answer = chief.makefile("rb").read(LONGEST)
        except OSError:
            answer = b""
        if answer == GO:
            return
        if answer:
            raise ConnectionError(answer.decode(errors="replace"))
        time.sleep(PAUSE)
    raise ConnectionError(f"The first worker, {addresses[0]}, did not answer in time. Start it, and this one again.")


def _port(address: str) -> int:
    return int(address.rsplit(":", 1)[1])
