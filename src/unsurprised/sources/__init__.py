"""Files and data frames → batches."""

from unsurprised.sources.opening import open_predictions, open_source
from unsurprised.sources.options import Options
from unsurprised.sources.reading import Reading, Split

__all__ = ["Options", "Reading", "Split", "open_predictions", "open_source"]
