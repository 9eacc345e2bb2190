"""What an administrator chooses about the server, in one place; knows no route and no table."""

from __future__ import annotations

import ipaddress
import json
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

DEFAULT_PORT = 8765


class SettingsError(ValueError):
    """The settings cannot be used together; the message says what to change."""


@dataclass(frozen=True, slots=True)
class Client:
    """A program that may call the CDS services: the issuer of its tokens and its public keys by key id."""

    issuer: str
    keys: dict[str, dict[str, Any]]
    tenant: str | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """How the server behaves. Sizes in bytes, times in seconds unless they say otherwise.

    `cds_origins`: pages that may call the CDS services from a browser (`https://ehr.example`, or `*` for any).
    `authentication` is on as soon as the store has users. `base_url` is the address that others call, as tokens name
    it. `per_minute` and `logins_per_minute` limit one caller.
    """

    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    authentication: bool = False
    behind_tls: bool = False
    allowed_hosts: tuple[str, ...] = ()
    base_url: str = ""
    two_person: bool = False
    idle: timedelta = timedelta(minutes=30)
    longest_session: timedelta = timedelta(hours=12)
    max_note: int = 1_000_000
    max_body: int = 8_000_000
    max_notes: int = 100
    per_minute: int = 12_000
    logins_per_minute: int = 20
    cds_clients: tuple[Client, ...] = ()
    cds_required: bool = False
    cds_origins: tuple[str, ...] = ()

    @property
    def address(self) -> str:
        """The address that callers use, without a slash at its end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return (self.base_url or f"http://{host}:{self.port}").rstrip("/")

    @property
    def hosts(self) -> frozenset[str]:
        """Names under which the server answers; any other is refused, so that no foreign page can pose as it."""
        return frozenset({"localhost", "127.0.0.1", "[::1]", self.host, *self.allowed_hosts})


def is_loopback(host: str) -> bool:
    """Whether an address reaches this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check(settings: Settings) -> None:
    """Raise SettingsError where the server would be open to others without authentication or without TLS before it."""
    for origin in settings.cds_origins:
        if origin == "*" and not settings.cds_clients:
            raise SettingsError("any page may call the CDS services only where tokens are asked for (--cds-clients)")
        parts = urlsplit(origin)
        if origin != "*" and (parts.scheme not in ("http", "https") or origin != f"{parts.scheme}://{parts.netloc}"):
            raise SettingsError(f"{origin} is no origin; write it as https://ehr.example, without a path")
    # a server in front brings others to a loopback address too
    if is_loopback(settings.host) and not (settings.behind_tls or settings.allowed_hosts):
        return
    if not settings.authentication:
        raise SettingsError(
            f"{settings.host} can be reached from other machines, directly or by a server in front, and nobody has "
            "to log in; add a user first (extractor users add NAME --role admin), or listen on 127.0.0.1 alone"
        )
    if not settings.behind_tls and not is_loopback(settings.host):
        raise SettingsError(
            f"{settings.host} can be reached from other machines; put a server that speaks TLS in front and say so "
            "with --behind-tls"
        )


def read_clients(path: Path) -> tuple[Client, ...]:
    """Allowed CDS clients: a JSON list of `{"issuer", "jwks": {"keys": [...]}, "tenant"?}`. Raises SettingsError."""
    try:
        listed = json.loads(path.read_text(encoding="utf-8"))
        clients = tuple(
            Client(each["issuer"], {key["kid"]: key for key in each["jwks"]["keys"]}, each.get("tenant"))
            for each in listed
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SettingsError(f"{path} is no list of clients with issuer and jwks ({type(error).__name__})") from None
    if any(key.get("kty") == "oct" for client in clients for key in client.keys.values()):
        raise SettingsError(f"{path} holds a shared secret; only public keys are accepted")
    return clients
