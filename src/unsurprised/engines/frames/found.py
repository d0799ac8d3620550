"""Which sources are frames that lie in an engine."""

from __future__ import annotations

from typing import Any

from unsurprised.engines.frames.partitioned import EngineFrame
from unsurprised.errors import CallError


def frame_of(source: Any, engine: Any = None) -> EngineFrame | None:
    """The frame that a source is, if it lies in an engine.

    Raises
    ------
    CallError
        ``engine`` is given, and it is not the frame's own.
    """
    kind, library = type(source), type(source).__module__.split(".")[0]
    if library in ("dask", "dask_expr") and kind.__name__ == "DataFrame":
        from unsurprised.engines.frames.dask import DaskFrame

        if engine is not None and not hasattr(engine, "get_executor"):
            raise _other(engine, "a Dask DataFrame", "a Client of dask.distributed")
        return DaskFrame(source, engine)
    if library == "ray" and kind.__module__.startswith("ray.data") and hasattr(kind, "map_batches"):
        from unsurprised.engines.frames.ray import RayFrame

        if engine is not None and engine != "ray":
            raise _other(engine, "a Ray Dataset", '"ray"')
        return RayFrame(source)
    if library == "pyspark" and hasattr(kind, "mapInArrow"):
        from unsurprised.engines.frames.spark import SparkFrame

        if engine is not None and engine is not source.sparkSession:
            raise _other(engine, "a Spark DataFrame", "its own session")
        return SparkFrame(source)
    return None


def _other(engine: Any, called: str, expected: str) -> CallError:
    said = f"{engine!r:.40}" if isinstance(engine, str) else f"a {type(engine).__name__}"
    return CallError(
        f"engine is {said}, and the source is {called}, whose rows are evaluated where they lie; "
        f"expected no engine, or {expected}"
    )
