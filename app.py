"""The door: navigation and page configuration. The guard stands in every page itself."""

from pathlib import Path

import streamlit as st

from pages.parts.door import navigate

ICON = Path(__file__).parent / "pages" / "parts" / "icon.svg"

page = navigate()
st.set_page_config(page_title=f"{page.title} · MESE Studio", page_icon=str(ICON), layout="wide")
page.run()
