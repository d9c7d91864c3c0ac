"""The store: SQLAlchemy models, migrations, and one module for each use of them."""
