"""Files and data frames → batches."""

from unsurprised.sources.options import Options
from unsurprised.sources.reading import Reading, Split, open_predictions

__all__ = ["Options", "Reading", "Split", "open_predictions"]
