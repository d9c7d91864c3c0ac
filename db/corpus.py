"""The corpus in the store: in, out, and the look-ups that pages draw from.

This is the one place to import these names from; each idea has a file of its own beside it.
"""

from __future__ import annotations

from db.cards import EntityCard, entity_cards, entity_names, example_queries
from db.exporting import ExportReport, export_folder
from db.images import hash_images, image_file
from db.importing import ImportRefused, ImportReport, import_path, import_records
from db.loading import is_empty, load_corpus
from db.overview import ClassSize, ContextsPerEntity, Overview, overview
from db.search import EntityHit, entities_by_name, search_entities

__all__ = [
    "ClassSize",
    "ContextsPerEntity",
    "EntityCard",
    "EntityHit",
    "ExportReport",
    "ImportRefused",
    "ImportReport",
    "Overview",
    "entities_by_name",
    "entity_cards",
    "entity_names",
    "example_queries",
    "export_folder",
    "hash_images",
    "image_file",
    "import_path",
    "import_records",
    "is_empty",
    "load_corpus",
    "overview",
    "search_entities",
]
