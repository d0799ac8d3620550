"""What is kept of objects, against a plain list of bytes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from unsurprised.sources.stores.pieces import Pieces

OBJECT = bytes(range(64))
PLACES = st.tuples(st.integers(0, 60), st.integers(1, 30))


@given(st.lists(PLACES, max_size=6), PLACES, st.integers(0, 120))
def test_what_is_kept_of_a_range(
    kept: list[tuple[int, int]], wanted: tuple[int, int], most: int
) -> None:
    """No more is kept than may be, and what is handed out is a range's beginning."""
    pieces, known = Pieces(), dict[int, bytes]()
    for begin, size in kept:
        pieces.put("object", begin, OBJECT[begin : begin + size], most)
        pieces.put("another", begin, b"?", most)
    for begin in range(64):
        known[begin] = pieces.get("object", begin)
    assert sum(map(len, known.values())) <= most
    begin, end = wanted[0], min(sum(wanted), 64)
    found = b"".join(pieces.take("object", begin, end))
    assert found == OBJECT[begin : begin + len(found)]
    held = {place for first, piece in known.items() for place in range(first, first + len(piece))}
    reach = next((place for place in range(begin, end) if place not in held), end)
    assert len(found) == reach - begin
    pieces.release("object", begin, end)
    for first, piece in known.items():
        within = first > 0 and begin <= first and first + len(piece) <= end
        assert pieces.get("object", first) == (b"" if within else piece)
