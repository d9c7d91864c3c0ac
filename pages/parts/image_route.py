"""The web routes beside the pages: images by signed address, and a health check.

Nothing in an address is used as a path: an image is named by its sha256 and the store says which
file that is. What is not an image by its content is not served.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from mese.images import UnreadableImage, media_type
from pages.parts import house
from pages.parts.image_files import file_of, small, thumbnail_of
from pages.parts.signing import ROUTE, signed_for, today

__all__ = ["ROUTES", "serve_image", "small"]

_HEADERS = {
    "Cache-Control": "private, max-age=86400, immutable",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def serve_image(request: Request) -> Response:
    """An image or, with `size=thumb`, its thumbnail; 403 without a good signature, else 404.

    Starlette runs it in a thread, so that decoding does not hold up other requests.
    """
    sha256 = request.path_params["sha256"]
    signature = request.query_params.get("sig", "")
    if signed_for(house.secret(), sha256, signature, today()) is None:
        return PlainTextResponse("This address is not signed for today. Reload the page.", 403)
    try:
        thumb = request.query_params.get("size") == "thumb"
        path = thumbnail_of(sha256) if thumb else file_of(sha256)
        if path is None:
            return PlainTextResponse("There is no such image in the store.", 404)
        return FileResponse(path, media_type=media_type(path), headers=_HEADERS)
    except UnreadableImage as error:
        return PlainTextResponse(f"The image cannot be shown: {error}", 404)


def health(request: Request) -> Response:
    """200 when the store answers: what a supervisor or a test waits for."""
    with house.store().read():
        return JSONResponse({"status": "ok"})


ROUTES = (
    Route(ROUTE + "/{sha256}", serve_image, methods=["GET"]),
    Route("/api/health", health, methods=["GET"]),
)
