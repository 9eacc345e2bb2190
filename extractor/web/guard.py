"""What stands before every route: allowed hosts and origins, limits, security headers, and errors without their words.

Plain ASGI, outermost first: `errors` (nothing leaves as a traceback), `counted` (metrics and the log line), `headers`,
`shared` (CDS clients in a browser), `origins`, `limits`. Logs hold method, route, status and time; never an address's
query, a body or a message.
"""

from __future__ import annotations

import logging
import time
import traceback
from collections import OrderedDict
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response

from extractor.web import problem
from extractor.web.settings import Settings

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

log = logging.getLogger("extractor.web")

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# Not "no-referrer": with it browsers send forms with the origin "null", which cannot be told from a foreign one.
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
SAFE = ("GET", "HEAD", "OPTIONS")


@dataclass(slots=True)
class Metrics:
    """What is counted. Labels are routes as they are written in the program, never what a caller sent."""

    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    requests: Counter = field(init=False)
    seconds: Histogram = field(init=False)
    notes: Counter = field(init=False)

    def __post_init__(self) -> None:
        names = ("method", "route", "status")
        self.requests = Counter("extractor_requests", "Requests answered", names, registry=self.registry)
        self.seconds = Histogram("extractor_request_seconds", "Time to answer", ("route",), registry=self.registry)
        self.notes = Counter("extractor_notes", "Notes read", ("disposition",), registry=self.registry)


class BodyTooLarge(Exception):
    """More was sent than the limit allows."""


def guarded(app: App, settings: Settings, metrics: Metrics) -> App:
    """`app` with everything that stands before it."""
    inner = _shared(_origins(_limits(app, settings), settings), settings)
    return _errors(_counted(_headers(inner, settings), metrics))


def _http(inner: Callable[[Scope, Receive, Send], Awaitable[None]], app: App) -> App:
    async def run(scope: Scope, receive: Receive, send: Send) -> None:
        await (inner if scope["type"] == "http" else app)(scope, receive, send)

    return run


def _errors(app: App) -> App:
    async def run(scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def watched(message: MutableMapping[str, Any]) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await app(scope, receive, watched)
        except Exception as error:
            if not started:
                await failed(error)(scope, receive, send)

    return _http(run, app)


def failed(error: Exception) -> Any:
    """The answer to a request that failed; says in the log where, in none of its words."""
    # The message of an exception may quote a note; its class and the places it passed never do.
    places = [f"{Path(f.filename).name}:{f.lineno}" for f in traceback.extract_tb(error.__traceback__)[-5:]]
    log.error("failed: %s at %s", type(error).__name__, " > ".join(places))
    return problem.response(500, "The request failed; nothing was changed.")


def _counted(app: App, metrics: Metrics) -> App:
    async def run(scope: Scope, receive: Receive, send: Send) -> None:
        begun, status = time.perf_counter(), 500

        async def watched(message: MutableMapping[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await app(scope, receive, watched)
        finally:
            taken = time.perf_counter() - begun
            route = getattr(scope.get("route"), "path", "other")
            method = scope["method"] if scope["method"] in (*SAFE, "POST", "PUT", "PATCH", "DELETE") else "other"
            metrics.requests.labels(method, route, str(status)).inc()
            metrics.seconds.labels(route).observe(taken)
            log.info("%s %s %d %.0f ms", method, route, status, taken * 1000)

    return _http(run, app)


def _headers(app: App, settings: Settings) -> App:
    async def run(scope: Scope, receive: Receive, send: Send) -> None:
        async def dressed(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                given = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    given.setdefault(name, value)
                if not scope["path"].startswith("/static/"):
                    given["Cache-Control"] = "no-store"
                if settings.behind_tls:
                    given["Strict-Transport-Security"] = "max-age=31536000"
            await send(message)

        await app(scope, receive, dressed)

    return _http(run, app)


def _may_share(settings: Settings, scope: Scope) -> bool:
    """Whether a page of another site may make this request: one that is listed, of the CDS services alone."""
    if not scope["path"].startswith("/cds-services"):
        return False
    origin = Headers(scope=scope).get("origin", "").lower()
    return bool(origin) and ("*" in settings.cds_origins or origin in settings.cds_origins)


def _shared(app: App, settings: Settings) -> App:
    """CORS as CDS Hooks asks for it: browsers may call the services from the pages that are listed. No cookie counts
    there, so that a page can do no more than what its own token allows.
    """

    async def run(scope: Scope, receive: Receive, send: Send) -> None:
        if not _may_share(settings, scope):
            return await app(scope, receive, send)
        given = {"Access-Control-Allow-Origin": Headers(scope=scope)["origin"], "Vary": "Origin"}
        if scope["method"] == "OPTIONS":
            given |= {
                "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
                "Access-Control-Allow-Headers": "Authorization, Content-Type",
                "Access-Control-Max-Age": "600",
            }
            return await Response(status_code=204, headers=given)(scope, receive, send)

        async def dressed(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(given)
            await send(message)

        return await app(scope, receive, dressed)

    return _http(run, app)


def _origins(app: App, settings: Settings) -> App:
    async def run(scope: Scope, receive: Receive, send: Send) -> None:
        given = Headers(scope=scope)
        host = given.get("host", "")
        name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
        if name.lower() not in settings.hosts and host.lower() not in settings.hosts:
            return await problem.response(421, "This server does not answer under that name.")(scope, receive, send)
        if scope["method"] not in SAFE and not _may_share(settings, scope):
            origin = given.get("origin")
            foreign = origin is not None and urlsplit(origin).netloc.lower() != host.lower()
            if foreign or given.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
                return await problem.response(403, "Requests from other sites are refused.")(scope, receive, send)
        return await app(scope, receive, send)

    return _http(run, app)


def _limits(app: App, settings: Settings) -> App:
    buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def allowed(key: str, per_minute: int) -> bool:
        moment = time.monotonic()
        left, before = buckets.pop(key, (float(per_minute), moment))
        left = min(float(per_minute), left + (moment - before) * per_minute / 60)
        buckets[key] = (left - 1 if left >= 1 else left, moment)
        if len(buckets) > 10_000:
            buckets.popitem(last=False)
        return left >= 1

    async def run(scope: Scope, receive: Receive, send: Send) -> None:
        caller = (scope.get("client") or ("-",))[0]
        login = scope["path"] == "/login" and scope["method"] == "POST"
        ok = allowed(f"login {caller}", settings.logins_per_minute) if login else allowed(caller, settings.per_minute)
        if not ok:
            busy = problem.response(429, "Too many requests; wait a minute.", headers={"Retry-After": "60"})
            return await busy(scope, receive, send)
        length = Headers(scope=scope).get("content-length", "0")
        if not length.isdigit() or int(length) > settings.max_body:
            return await _too_large(settings)(scope, receive, send)
        seen, started, over = 0, False, False

        async def counted() -> MutableMapping[str, Any]:
            nonlocal seen, over
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > settings.max_body:
                over = True
                raise BodyTooLarge
            return message

        async def watched(message: MutableMapping[str, Any]) -> None:
            nonlocal started
            # What the application makes of the cut body is not the answer.
            if over and not started:
                return
            started = True
            await send(message)

        try:
            await app(scope, counted, watched)
        except BodyTooLarge:
            if started:
                raise
        if over and not started:
            await _too_large(settings)(scope, receive, send)
        return None

    return _http(run, app)


def _too_large(settings: Settings) -> App:
    return problem.response(413, f"A request holds at most {settings.max_body:,} bytes.")
