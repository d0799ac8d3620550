// Log scores of at most single precision, along the row: one read of memory, in single precision.
//
// A row comes a tile at a time. A tile's largest score is found first, then Σ e^gap of the others
// from cache, while the next tile is on its way from memory; tiles are put together in double
// precision. An exponential is off by less than 1.3e-7 + 7.5e-8 · gap, relatively, of which a sum
// keeps the mean. Where all that is not on top is so little that single precision cannot tell it
// (a row that is nearly certain), the row is left to the careful way.
#pragma once

#include "narrow.h"

namespace UNSURPRISED_TARGET {

using LogTiles = Tiles<64 * wide>;

// So many lanes stay in registers with two sums each, beside what an exponential needs.
#if defined(__AVX512F__)
inline constexpr int held = wide;
#else
inline constexpr int held = lanes;
#endif

// What is found in one read of a row.
struct Scan {
  double top = -infinity;
  double top_at = 0.0;
  double rest = 0.0;    // Σ e^(x − top) of all others
  double spread = 0.0;  // Σ e^(x − top)·(top − x) of them
  bool told = false;    // whether single precision could tell all that
};

// The largest score that each lane meets.
inline Wide tops_of(const Tile& tile) {
  Wide best = wide_of(-infinity_narrow);
  tile.each([&](const float* x) {
    for (int j = 0; j < wide; ++j) best[j] = x[j] > best[j] ? x[j] : best[j];
  });
  return best;
}

inline float largest(const Tile& tile) {
  return largest(tops_of(tile));
}

// Where the top of a tile is met first, `tops` being the lanes' own: only few lanes hold it.
template <int Lanes>
UNSURPRISED_APART std::int64_t first_of(const Tile& tile, const float (&tops)[Lanes], float top) {
  const std::int64_t over = tile.steps * wide;
  std::int64_t place = over + wide;
  for (int lane = 0; lane < Lanes; ++lane) {
    if (tops[lane] != top) continue;
    std::int64_t at = lane;
    while (at < over && tile.x[at] != top) at += Lanes;
    if (at >= over)
      while (tile.tail[at - over] != top) at += Lanes;
    place = at < place ? at : place;
  }
  return place;
}

inline bool holds_nan(const Tile& tile) {
  int found = 0;
  tile.each([&](const float* x) {
    for (int j = 0; j < wide; ++j) found |= x[j] != x[j];
  });
  return found != 0;
}

// Σ e^gap and Σ e^gap·(−gap) of a tile, gaps being taken to its top. NaN comes through.
template <bool WithSpread>
struct TileSums {
  float top;
  float lowest;  // a variable: of a constant GCC makes a comparison and a choice, not a maximum
  Wide weights, spreads;

  TileSums(float top, float lowest) : top(top), lowest(lowest) {}

  // The sums of all, lane by lane.
  template <class Next>
  UNSURPRISED_INLINE void add(const Tile& tile, Next ask_for) {
    for (int from = 0; from < wide; from += held) add_lanes(from, tile, ask_for);
  }

  // Σ e^gap of all but one that is on top; `tops` are the largest scores of the lanes.
  template <class Next>
  double add_all(const Tile& tile, const Wide& tops, Next ask_for) {
    add(tile, ask_for);
    const double sum = total(weights);
    // Where the top is a good part of the sum, taking it off costs digits; NaN is not above either.
    return sum >= most_of_top ? sum - 1.0 : others(tile, tops);
  }

 private:
  static constexpr double most_of_top = 4.0;

  // Calls body(where, step) for the scores that some lanes meet. One loop, also for what is over,
  // so that their sums stay in registers.
  template <class Body>
  UNSURPRISED_INLINE static void each_step(const Tile& tile, int from, Body body) {
    const std::int64_t steps = tile.steps + (tile.tail ? 1 : 0);
    const float* x = tile.x + from;
    for (std::int64_t s = 0; s < steps; ++s, x += wide) {
      if (s == tile.steps) x = tile.tail + from;
      body(x, s);
    }
  }

  // The sums of some lanes, as many as stay in registers: the tile is in cache, and no lane's order
  // is another.
  template <class Next>
  UNSURPRISED_INLINE void add_lanes(int from, const Tile& tile, Next ask_for) {
    float weight_sums[held], spread_sums[held];
    for (int j = 0; j < held; ++j) weight_sums[j] = 0.0f;
    for (int j = 0; j < held; ++j) spread_sums[j] = 0.0f;
    const float top_here = top, lowest_here = lowest;
    each_step(tile, from, [&](const float* x, std::int64_t s) {
      ask_for((from / held * tile.steps + s) * held, held);
      for (int j = 0; j < held; ++j) {
        float gap = x[j] - top_here;
        gap = lowest_here > gap ? lowest_here : gap;  // NaN stays
        const float weight = narrow_exp(gap);
        weight_sums[j] += weight;
        if constexpr (WithSpread) spread_sums[j] = std::fma(-gap, weight, spread_sums[j]);
      }
    });
    for (int j = 0; j < held; ++j) weights[from + j] = weight_sums[j];
    if constexpr (WithSpread)
      for (int j = 0; j < held; ++j) spreads[from + j] = spread_sums[j];
  }

  // Only lanes that hold a top, and some beside them, are summed again, without it.
  double others(const Tile& tile, const Wide& tops) {
    int count = 0;
    for (int from = 0; from < wide; from += few) {
      std::int32_t on_top[few];
      for (int j = 0; j < few; ++j) on_top[j] = tops[from + j] == top ? 1 : 0;
      if (folded(on_top, plus)) count += add_others(from, tile);
    }
    return total(weights) + (count - 1);
  }

  // Σ e^gap of some lanes without what is on top; answers how many scores that is.
  static constexpr int few = 8;
  UNSURPRISED_INLINE std::int32_t add_others(int from, const Tile& tile) {
    float sums[few];
    std::int32_t on_top[few];
    for (int j = 0; j < few; ++j) sums[j] = 0.0f;
    for (int j = 0; j < few; ++j) on_top[j] = 0;
    const float top_here = top, lowest_here = lowest;
    each_step(tile, from, [&](const float* x, std::int64_t) {
      for (int j = 0; j < few; ++j) {
        float gap = x[j] - top_here;
        const bool apart = gap >= 0.0f;
        gap = lowest_here > gap ? lowest_here : gap;
        const float weight = narrow_exp(gap);
        sums[j] += apart ? 0.0f : weight;
        on_top[j] += apart ? 1 : 0;
      }
    });
    for (int j = 0; j < few; ++j) weights[from + j] = sums[j];
    return folded(on_top, plus);
  }
};

template <bool WithSpread>
Scan scan(const RowsView& view, LogTiles& tiles, const char* row, bool with_place) {
  Scan found;
  tiles.open(row);
  for (std::int64_t first = 0; first < view.classes; first += LogTiles::size) {
    const Tile tile = tiles.at(first);
    const Wide tops = tops_of(tile);
    const float top = largest(tops);
    if (top == -infinity_narrow) {  // nothing is possible here
      if (holds_nan(tile)) return {};
      continue;
    }
    TileSums<WithSpread> sums{top, view.classes > 0 ? lowest_gap : 0.0f};
    const double weight = sums.add_all(tile, tops, Ahead<LogTiles>{tiles, first});
    const double spread = WithSpread ? total(sums.spreads) : 0.0;
    const bool higher = top > found.top;
    if (higher && with_place)
      found.top_at = static_cast<double>(first + first_of(tile, tops.at, top));
    if (found.top == -infinity) {
      found = {top, found.top_at, weight, spread, false};
      continue;
    }
    // What is relative to the lower of two tops is brought to the higher one.
    const double gap = higher ? top - found.top : found.top - top;
    const double shrink = exp(gap < 700.0 ? -gap : -700.0);
    if (higher) {
      const double before = found.rest + 1.0;
      found.spread = spread + shrink * (found.spread + before * gap);
      found.rest = weight + shrink * before;
      found.top = top;
    } else {
      const double here = weight + 1.0;
      found.spread += shrink * (spread + here * gap);
      found.rest += shrink * here;
    }
  }
  // Scores further down than 87 count as 87: far below the sum, or else the sum is not believed.
  // A row with NaN, without a finite score or with an infinite one is not told either.
  const double least = static_cast<double>(view.classes) * 0x1p-100;
  found.told = found.rest > least && found.rest < infinity;
  return found;
}

}  // namespace UNSURPRISED_TARGET
