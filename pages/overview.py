"""Overview."""
from db.accounts import Role
from pages.parts.door import require
user = require(Role.VIEWER)
