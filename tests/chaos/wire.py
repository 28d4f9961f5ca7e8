"""As much of PostgreSQL's protocol as a proxy needs to see where a transaction is committed.

https://www.postgresql.org/docs/current/protocol-message-formats.html: a message is a type byte (but for the client's
first), a length of four bytes that counts itself, and a body.
"""

from collections.abc import Iterator

SSL_REQUESTS = (80877103, 80877104)  # SSLRequest, GSSENCRequest: answered with one bare byte
FUNCTION = b"pg_temp.ahead_"
"""How the names begin of the functions of clipmeter that write; a call that returns rows has written."""
_WRITES = (b"INSERT", b"UPDATE", b"DELETE", b"MERGE")


class Messages:
    """Cuts one direction of a connection into whole messages, each as its bytes on the wire."""

    def __init__(self, *, typed: bool) -> None:
        """`typed` False: the first message has no type byte, as what a client sends at first."""
        self.bare_bytes = 0
        """How many of the next bytes are messages of a single byte."""
        self._typed = typed
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The messages that are whole now."""
        self._buffer += data
        while size := self._size():
            message = bytes(self._buffer[:size])
            del self._buffer[:size]
            yield message

    def _size(self) -> int:
        """Bytes of the next message; 0: it is not whole yet."""
        if self.bare_bytes and self._buffer:
            self.bare_bytes -= 1
            return 1
        head = 1 if self._typed else 0
        if len(self._buffer) < head + 4:
            return 0
        size = head + int.from_bytes(self._buffer[head : head + 4], "big")
        if len(self._buffer) < size:
            return 0
        if not self._typed and int.from_bytes(self._buffer[4:8], "big") not in SSL_REQUESTS:
            self._typed = True
        return size


def wants_bare_byte(message: bytes) -> bool:
    """Whether this is a client's question that the server answers with a single byte."""
    return len(message) == 8 and int.from_bytes(message[4:8], "big") in SSL_REQUESTS


def asks_commit(message: bytes) -> bool:
    """Whether a client's message is COMMIT itself, as a simple query."""
    return message[:1] == b"Q" and message[5:].lstrip().upper().startswith((b"COMMIT", b"END"))


class Commits:
    """Sees in what passes where a transaction that wrote has been committed."""

    def __init__(self) -> None:
        self.has_written = False
        """Whether the open transaction has changed a row."""
        self._calls: set[bytes] = set()
        """Names of the prepared statements that call a function which writes."""
        self._called = False
        self._in_block = False
        self._committed = False

    def asks(self, message: bytes) -> bool:
        """Whether a client's message asks for a commit of what was written, or for a call that writes by itself."""
        name, _, rest = message[5:].partition(b"\0")
        if message[:1] == b"P" and FUNCTION in rest:
            self._calls.add(name)
        if message[:1] == b"B":
            self._called = rest.partition(b"\0")[0] in self._calls
            return self._called
        return self.has_written and asks_commit(message)

    def see(self, message: bytes) -> bool:
        """True from the server's message that tells of a commit on, until it is ready for the next query."""
        kind = message[:1]
        if kind == b"C":
            self._tag(message[5:].rstrip(b"\0"))
        committed = self._committed
        if kind == b"Z":
            self._in_block, self._committed = message[5:6] != b"I", False
            self.has_written = self.has_written and self._in_block
        return committed

    def _tag(self, tag: bytes) -> None:
        writes = tag.startswith(_WRITES) or (self._called and tag.startswith(b"SELECT"))
        if writes and not tag.endswith(b" 0"):
            self.has_written = True
            self._committed = not self._in_block
        elif tag.startswith(b"COMMIT"):
            self._committed = self.has_written
