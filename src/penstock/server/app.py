"""Assembles the app: every room's router under /api/v1, one shape of errors, live events, and the pages for people."""

import importlib
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, FastAPI

import penstock.engine  # noqa: F401 it fills the registries of earlier rooms, here as in the worker
from penstock.people.standing import Standings
from penstock.server import errors, http, pages
from penstock.server.access import calls
from penstock.server.edge import Edge
from penstock.server.live import Live
from penstock.server.openapi import describe
from penstock.store import Store

ROOMS = (
    "people",
    "connections",
    "schema",
    "files",
    "annotations",
    "datasets",
    "ingest",
    "export",
    "tasks",
    "metrics",
    "actions",
    "pipelines",
)


def create_app(store: Store) -> FastAPI:
    """The whole API on an open store. Streams of live events end by `app.state.live.close()`."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
        yield
        app.state.live.close()

    app = FastAPI(
        title="Penstock",
        version=version("penstock"),
        summary="Training data as a pipeline.",
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.store = store
    app.state.standings = Standings(store.db)
    app.state.live = Live(store.db)
    app.state.began = time.monotonic()
    errors.install(app)
    for router in routers():
        app.include_router(router, prefix="/api/v1")
    app.openapi = lambda: describe(app, list(calls(routers())))
    app.include_router(pages.router)
    app.add_middleware(Edge, upload_limit_bytes=store.settings.upload_limit_bytes)
    return app


def routers() -> list[APIRouter]:
    """Every room's router, in the order of the rooms, and the server's own."""
    found: list[APIRouter] = []
    for room in ROOMS:
        name = f"penstock.{room}.http"
        try:
            module: Any = importlib.import_module(name)
        except ModuleNotFoundError as missing:
            if missing.name not in (name, f"penstock.{room}"):
                raise
            continue
        found.append(module.router)
    return [*found, http.router]
