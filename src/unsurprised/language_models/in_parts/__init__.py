"""Language models' tokens read in parts: by an engine's tasks, or by whoever is told a part."""
