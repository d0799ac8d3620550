"""Whether a store is there at all: stores' own libraries try for minutes to find that out."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass
from urllib.request import getproxies_environment

_CONNECT_SECONDS, _ANSWER_SECONDS = 3, 3


@dataclass(frozen=True, slots=True)
class Host:
    """Where a store is asked."""

    name: str
    port: int
    encrypted: bool

    @classmethod
    def of(cls, endpoint: str, *, encrypted: bool) -> Host:
        """A host that is written as ``HOST`` or ``HOST:PORT``.

        Examples
        --------
        >>> Host.of("storage.googleapis.com", encrypted=True)
        Host(name='storage.googleapis.com', port=443, encrypted=True)
        >>> Host.of("[::1]:9000", encrypted=False)
        Host(name='::1', port=9000, encrypted=False)
        """
        name, mark, port = endpoint.rpartition(":")
        if not mark or not port.isdecimal():
            name, port = endpoint, "443" if encrypted else "80"
        return cls(name.strip("[]"), int(port), encrypted)

    def fault(self) -> str | None:
        """What is wrong with it, in a word or two; None where it answers, or cannot be asked."""
        if getproxies_environment():  # which alone may know the way
            return None
        try:
            with socket.create_connection((self.name, self.port), _CONNECT_SECONDS) as line:
                line.settimeout(_ANSWER_SECONDS)
                self._greet(line)
        except ssl.SSLError:  # it speaks
            return None
        except TimeoutError:
            return "no answer"
        except OSError as error:
            return "no such host" if isinstance(error, socket.gaierror) else "no connection"
        return None

    def _greet(self, line: socket.socket) -> None:
        """Wait for a sign of life, whatever it says."""
        if self.encrypted:
            speaks = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            speaks.wrap_socket(line, server_hostname=self.name).close()
            return
        line.sendall(f"HEAD / HTTP/1.1\r\nHost: {self.name}\r\nConnection: close\r\n\r\n".encode())
        line.recv(1)
