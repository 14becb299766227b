"""Routes that are worked out at their first call.

To work out what each of 200 routes takes and answers is a third of what a server's start costs. Most need few of them.
"""

from collections.abc import Callable
from threading import RLock
from typing import Any

from fastapi.routing import APIRoute
from starlette.routing import compile_path


class LazyRoute(APIRoute):
    """For `APIRouter(route_class=LazyRoute)`. What finds a route is there from the start, the rest when asked for.

    A signature that FastAPI can't take is refused only then: a test asks every route.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], *, methods: list[str], **told: Any) -> None:
        self.path = path
        self.endpoint = endpoint
        self.methods = set(methods)
        self.path_regex, self.path_format, self.param_convertors = compile_path(path)
        self._told: dict[str, Any] | None = told
        self._working_out = RLock()

    def __getattr__(self, name: str) -> Any:
        with self._working_out:
            told, self._told = self._told, None
            if told is not None:
                super().__init__(self.path, self.endpoint, methods=self.methods, **told)
        return object.__getattribute__(self, name)
