"""The served app: app.py with the image route and the health check beside it.

`python asgi.py` (what `make run` does) listens where MESE_ADDRESS and MESE_PORT say. Until there
are accounts, an address that other machines can reach is refused. A setting that cannot be ends it
with 2; a store that cannot be opened or a port that is taken with 1, and one line.
"""

import socket
import sys
from typing import NoReturn

import streamlit as st
from pydantic import ValidationError

from db.store import StoreError
from mese.settings import Settings
from pages.parts import house, pictures
from pages.parts.calm import broken
from pages.parts.door import is_this_machine
from pages.parts.image_route import ROUTES

app = st.App("app.py", routes=ROUTES, on_script_error=broken)
pictures.served_by_route = True


def main() -> None:
    try:
        settings = Settings()
    except ValidationError as error:
        end(2, house.wrong_setting(error))
    if not is_this_machine(settings.address):
        end(
            2,
            f"MESE_ADDRESS={settings.address}: other machines could reach it, and there are no "
            "accounts yet. Leave it out, or use 127.0.0.1 and an SSH tunnel.",
        )
    try:
        house.open_store(settings.store_url).close()
    except StoreError as error:
        end(1, str(error))
    refuse_taken_port(settings)
    app.run(
        config={
            "server.address": settings.address,
            "server.port": settings.port,
            "server.headless": True,
            "server.fileWatcherType": "none",
        }
    )


def refuse_taken_port(settings: Settings) -> None:
    """End here where the server could not listen: it would say so without naming the setting."""
    place = (settings.address, settings.port)
    try:
        family = socket.getaddrinfo(*place, type=socket.SOCK_STREAM)[0][0]
        socket.create_server(place, family=family).close()
    except OSError as error:
        end(
            1,
            f"MESE_PORT={settings.port}: nothing can listen there on {settings.address} "
            f"({error.strerror}); stop what has it, or set MESE_PORT to another port",
        )


def end(code: int, reason: str) -> NoReturn:
    print(reason, file=sys.stderr)
    sys.exit(code)


if __name__ == "__main__":
    main()
