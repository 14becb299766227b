"""Assembles the app: every room's router under /api/v1, one shape of errors, live events, and the web app."""

import time
from importlib.metadata import version

from fastapi import APIRouter, FastAPI
from starlette.routing import BaseRoute

import penstock.engine  # noqa: F401 # pyright: ignore[reportUnusedImport] # it fills the registries of earlier rooms
from penstock.actions import http as actions
from penstock.annotations import http as annotations
from penstock.connections import http as connections
from penstock.datasets import history_http as history
from penstock.datasets import http as datasets
from penstock.datasets import live_http as live
from penstock.datasets import pruning_http as pruning
from penstock.datasets import query_http as queries
from penstock.datasets import sampling_http as sampling
from penstock.export import http as export
from penstock.files import http as files
from penstock.ingest import http as ingest
from penstock.metrics import http as metrics
from penstock.people import http as people
from penstock.people.standing import Standings
from penstock.pipelines import http as pipelines
from penstock.schema import http as schema
from penstock.server import errors, http, web
from penstock.server.access import calls
from penstock.server.edge import Edge
from penstock.server.live import Live
from penstock.server.openapi import describe
from penstock.server.switchboard import Ahead, Switchboard
from penstock.store import Store
from penstock.tasks import http as tasks
from penstock.tasks import overseeing_http as overseeing

ROUTERS: tuple[APIRouter, ...] = (
    people.router,
    connections.router,
    schema.router,
    files.router,
    annotations.router,
    datasets.router,
    queries.router,
    live.router,
    sampling.router,
    history.router,
    pruning.router,
    ingest.router,
    export.router,
    tasks.router,
    overseeing.router,
    metrics.router,
    actions.router,
    pipelines.router,
    http.router,
)
PREFIX = "/api/v1"


def create_app(store: Store) -> FastAPI:
    """The whole API on an open store. Call `app.state.live.close()` before its server waits for connections to end."""
    app = FastAPI(
        title="Penstock",
        version=version("penstock"),
        summary="Training data as a pipeline.",
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    app.state.store = store
    app.state.standings = Standings(store.db)
    app.state.live = Live(store.db)
    app.state.began = time.monotonic()
    errors.install(app)
    board = Switchboard(ROUTERS)
    app.mount(PREFIX, board)
    app.include_router(web.router)
    app.openapi = lambda: describe(app, _routes(), list(calls(ROUTERS, PREFIX)))
    app.add_middleware(Ahead, board=board, prefix=PREFIX)
    app.add_middleware(Edge, upload_limit_bytes=store.settings.upload_limit_bytes)
    return app


def _routes() -> list[BaseRoute]:
    """Every route with its whole path, to be described."""
    whole = APIRouter()
    for router in ROUTERS:
        whole.include_router(router, prefix=PREFIX)
    return whole.routes
