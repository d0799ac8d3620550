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

// Where a score that the tile holds is met first; without a branch, lane by lane.
inline std::int64_t first_of(const Tile& tile, float score) {
  constexpr std::int32_t nowhere = 1 << 30;
  WideCount first;
  for (int j = 0; j < wide; ++j) first[j] = nowhere;
  const auto look = [&](const float* x, std::int32_t from) {
    for (int j = 0; j < wide; ++j) {
      const std::int32_t here = x[j] == score ? from + j : nowhere;
      first[j] = here < first[j] ? here : first[j];
    }
  };
  for (std::int64_t s = 0; s < tile.steps; ++s)
    look(tile.x + s * wide, static_cast<std::int32_t>(s * wide));
  if (tile.tail) look(tile.tail, static_cast<std::int32_t>(tile.steps * wide));
  return folded(first.at, lower);
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
  Wide weights = wide_of(0.0f);
  Wide spreads = wide_of(0.0f);

  // Steps side by side; the sums are local, so that they stay in registers.
  template <class Next>
  UNSURPRISED_INLINE void add(const float* x, std::int64_t steps, Next ask_for) {
    Wide weight_sums = weights, spread_sums = spreads;
    const float top_here = top, lowest_here = lowest;
    for (std::int64_t s = 0; s < steps; ++s) {
      ask_for(s * wide);
      for (int j = 0; j < wide; ++j) {
        float gap = x[s * wide + j] - top_here;
        gap = lowest_here > gap ? lowest_here : gap;  // NaN stays
        const float weight = narrow_exp(gap);
        weight_sums[j] += weight;
        if constexpr (WithSpread) spread_sums[j] = std::fma(-gap, weight, spread_sums[j]);
      }
    }
    weights = weight_sums;
    if constexpr (WithSpread) spreads = spread_sums;
  }

  // Σ e^gap of all but one that is on top; `tops` are the largest scores of the lanes.
  template <class Next>
  double add_all(const Tile& tile, const Wide& tops, Next ask_for) {
    add(tile.x, tile.steps, ask_for);
    if (tile.tail) add(tile.tail, 1, NothingAhead{});
    const double sum = total(weights);
    // Where the top is a good part of the sum, taking it off costs digits; NaN is not above either.
    return sum >= most_of_top ? sum - 1.0 : others(tile, tops);
  }

 private:
  static constexpr double most_of_top = 4.0;

  // Only lanes that hold a top are summed again, without it.
  double others(const Tile& tile, const Wide& tops) {
    int count = 0;
    for (int from = 0; from < wide; from += lanes) {
      int holds = 0;
      for (int j = from; j < from + lanes; ++j) holds |= tops[j] == top;
      if (!holds) continue;
      LaneSums sums;
      sums.add(tile.x + from, tile.steps, top, lowest);
      if (tile.tail) sums.add(tile.tail + from, 1, top, lowest);
      for (int j = 0; j < lanes; ++j) weights[from + j] = sums.weights[j];
      count += folded<lanes / 2>(sums.tops, plus);
    }
    return total(weights) + (count - 1);
  }

  // Σ e^gap of some lanes, and how many scores were on top, which are left out.
  struct LaneSums {
    alignas(64) float weights[lanes] = {};
    alignas(64) std::int32_t tops[lanes] = {};

    UNSURPRISED_INLINE void add(const float* x, std::int64_t steps, float top, float lowest) {
      for (std::int64_t s = 0; s < steps; ++s, x += wide)
        for (int j = 0; j < lanes; ++j) {
          float gap = x[j] - top;
          const bool apart = gap >= 0.0f;
          gap = lowest > gap ? lowest : gap;
          const float weight = narrow_exp(gap);
          weights[j] += apart ? 0.0f : weight;
          tops[j] += apart ? 1 : 0;
        }
    }
  };
};

template <bool WithSpread>
Scan scan(const RowsView& view, LogTiles& tiles, const char* row, bool with_place) {
  Scan found;
  std::int64_t top_tile = 0;
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
    if (higher) top_tile = first;
    if (found.top == -infinity) {
      found = {top, 0.0, weight, spread, false};
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
  if (with_place && found.told) {
    const std::int64_t place = first_of(tiles.at(top_tile), static_cast<float>(found.top));
    found.top_at = static_cast<double>(top_tile + place);
  }
  return found;
}

}  // namespace UNSURPRISED_TARGET
