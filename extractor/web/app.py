"""Putting the server together: settings, store and reader in, an application out.

The only module that knows all parts. Each part's routes are added here, and what they raise is turned into pages for
people and into problem+json for programs.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from anyio import to_thread
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles

from extractor import __version__
from extractor.note import UnreadableNote
from extractor.web import cds, fhir, guard, problem
from extractor.web.api import routes as api
from extractor.web.desk import asking, pages, people, reports
from extractor.web.desk.render import page
from extractor.web.problem import Halt, LoginNeeded
from extractor.web.reading import WAITING, NotRead, Reads
from extractor.web.settings import Settings
from extractor.web.store import Store
from extractor.web.store.engine import StoreBusy
from extractor.web.store.notes import UnknownNote

DESCRIPTION = (
    "Reads breast localization procedure notes and says what was done, which codes the text supports, what is missing "
    "and what to ask, each with the words that prove it. Errors are problem+json and never repeat what was sent."
)
PROGRAMS = ("/api/", "/fhir/", "/cds-services")


def create_app(settings: Settings, store: Store, reader: Reads) -> guard.App:
    """The application, guarded. `settings.authentication` decides whether anybody has to log in."""
    app = FastAPI(
        title="extractor", version=__version__, description=DESCRIPTION, docs_url=None, redoc_url=None,
        openapi_url="/api/openapi.json", lifespan=_threads,
    )  # fmt: skip
    app.state.settings, app.state.store, app.state.reader = settings, store, reader
    app.state.metrics = guard.Metrics()
    app.state.choices = {}
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "desk" / "static"), name="static")
    for router in (pages.router, asking.router, reports.router, people.router, api.router, fhir.router, cds.router):
        app.include_router(router)
    _errors(app)
    _describe(app)
    made: Any = app
    guarded = guard.guarded(made, settings, app.state.metrics)
    guarded.app = app  # type: ignore[attr-defined]
    return guarded


@asynccontextmanager
async def _threads(app: FastAPI) -> AsyncIterator[None]:
    """Have a thread for every request that may wait for a note to be read, and more: pages do not wait for them."""
    to_thread.current_default_thread_limiter().total_tokens = WAITING + 100
    yield


def _describe(app: FastAPI) -> None:
    """Let the description name the one form of all errors."""
    plain = app.openapi

    def described() -> dict[str, Any]:
        schema = plain()
        schema["components"]["schemas"].setdefault("Problem", problem.Problem.model_json_schema())
        return schema

    app.openapi = described  # type: ignore[method-assign]


def _errors(app: FastAPI) -> None:
    @app.exception_handler(LoginNeeded)
    def log_in(request: Request, error: LoginNeeded) -> Response:
        return RedirectResponse("/login", 303)

    @app.exception_handler(Halt)
    def halt(request: Request, error: Halt) -> Response:
        return _answer(request, error.status, error.detail, headers=error.headers)

    @app.exception_handler(UnknownNote)
    def unknown(request: Request, error: UnknownNote) -> Response:
        return _answer(request, 404, "There is no such note or query.")

    @app.exception_handler(UnreadableNote)
    def unreadable(request: Request, error: UnreadableNote) -> Response:
        return _answer(request, 422, f"The text cannot be read: it {error.reason}.")

    @app.exception_handler(NotRead)
    def not_read(request: Request, error: NotRead) -> Response:
        headers = {"Retry-After": "5"} if error.status == 503 else None
        return _answer(request, error.status, error.detail, headers=headers)

    @app.exception_handler(OperationalError)
    @app.exception_handler(StoreBusy)
    def store_away(request: Request, error: Exception) -> Response:
        return _answer(
            request, 503, "The store does not answer; nothing was changed. Try again.", headers={"Retry-After": "5"}
        )

    @app.exception_handler(RequestValidationError)
    def invalid(request: Request, error: RequestValidationError) -> Response:
        return _answer(request, 422, "The request does not fit the description.", problem.places(error.errors()))

    @app.exception_handler(Exception)
    def failed(request: Request, error: Exception) -> Response:
        guard.failed(error)
        return _answer(request, 500, "The request failed; nothing was changed.")

    @app.exception_handler(HTTPException)
    def http(request: Request, error: HTTPException) -> Response:
        said = {404: "There is nothing under this address.", 405: "This address does not take this method."}
        return _answer(
            request, error.status_code, said.get(error.status_code, ""), headers=dict(error.headers or {}) or None
        )


def _answer(
    request: Request, status: int, detail: str, errors: list[str] | None = None, headers: dict[str, str] | None = None
) -> Response:
    wants_page = "text/html" in request.headers.get("accept", "")
    if wants_page and not request.url.path.startswith(PROGRAMS):
        titles = {403: "Not allowed", 404: "Not found", 503: "Not now", 504: "Not in time"}
        return page(request, None, "error.html", status, title=titles.get(status, "This did not work"), detail=detail)
    if request.url.path.startswith("/fhir/"):
        return fhir.outcome(status, detail, "processing", headers)
    return problem.response(status, detail, errors, headers)
