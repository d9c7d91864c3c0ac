"""The served app: app.py with the image route and the health check beside it.

`python asgi.py` (what `make run` does) listens where MESE_ADDRESS and MESE_PORT say. Until there
are accounts, an address that other machines can reach is refused.
"""

import sys

import streamlit as st
from pydantic import ValidationError

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
        sys.exit(house.wrong_setting(error))
    if not is_this_machine(settings.address):
        sys.exit(
            f"MESE_ADDRESS={settings.address}: other machines could reach it, and there are no "
            "accounts yet. Leave it out, or use 127.0.0.1 and an SSH tunnel."
        )
    app.run(
        config={
            "server.address": settings.address,
            "server.port": settings.port,
            "server.headless": True,
            "server.fileWatcherType": "none",
        }
    )


if __name__ == "__main__":
    main()
