"""Results as text, JSON, tables of notebooks, charts and pages: a folder for each kind of result.

Each folder says what its result is called in short (``text.headline``) and in full, what it is on a
page, and which charts it has. ``pages`` and ``drawing`` are what all pages and all charts have in
common, the modules beside this one what all texts have.
"""
