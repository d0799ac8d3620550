// Log scores of at most single precision, along the row: one read of memory, in single precision.
//
// A row comes a tile at a time. A tile's largest score is found first, then Σ e^gap of the others
// from cache, while the next tile is on its way from memory; tiles are put together in double
// precision. An exponential is off by less than 1.3e-7 + 7.5e-8 · gap, relatively, of which a sum
// keeps the mean. Where all that is not on top is so little that single precision cannot tell it
// (a row that is nearly certain), the row is left to the careful way.
#pragma once

#include "rows.h"

namespace UNSURPRISED_TARGET {

inline bool is_narrow(Type type) {
  return type == Type::f32 || type == Type::f16 || type == Type::bf16;
}

// e^gap for a gap from `lowest_gap` to 0 as 2^n · 2^f. Error below 1.3e-7 + 7.5e-8 · |gap|,
// relatively; exactly 1 at 0.
UNSURPRISED_INLINE float narrow_exp(float gap) {
  constexpr float bits = 0x1.715476p+0f, to_integer = 0x1.8p23f;
  const float shifted = std::fma(gap, bits, to_integer);
  const float n = shifted - to_integer;
  const float f = std::fma(gap, bits, -n);
  // 2^f for |f| ≤ ½: minimax with p(0) = 1, error 2e-9.
  float p = 0x1.41fbbcp-13f;
  p = std::fma(p, f, 0x1.5f3e54p-10f);
  p = std::fma(p, f, 0x1.3b2d4cp-7f);
  p = std::fma(p, f, 0x1.c6aee8p-5f);
  p = std::fma(p, f, 0x1.ebfbdcp-3f);
  p = std::fma(p, f, 0x1.62e430p-1f);
  p = std::fma(p, f, 1.0f);
  const std::uint32_t scale = std::bit_cast<std::uint32_t>(shifted) << 23;
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(p) + scale);
}

inline constexpr float lowest_gap = -87.0f;

// 64 sums or maxima side by side hide the latency of an operation.
inline constexpr int wide = 4 * lanes;

struct alignas(64) Wide {
  float at[wide];
  float& operator[](int j) { return at[j]; }
  float operator[](int j) const { return at[j]; }
};

inline constexpr float infinity_narrow = std::numeric_limits<float>::infinity();

inline Wide wide_of(float value) {
  Wide result;
  for (int j = 0; j < wide; ++j) result[j] = value;
  return result;
}

// Halves that are put together, again and again: one fixed tree.
template <int Width = wide / 2, class T, class F>
UNSURPRISED_INLINE T folded(T (&parts)[wide], F f) {
  for (int j = 0; j < Width; ++j) parts[j] = f(parts[j], parts[j + Width]);
  if constexpr (Width > 1)
    return folded<Width / 2>(parts, f);
  else
    return parts[0];
}

inline double total(const Wide& parts) {
  double sums[wide];
  for (int j = 0; j < wide; ++j) sums[j] = parts[j];
  return folded(sums, [](double a, double b) { return a + b; });
}

// Some scores of a row as floats: whole steps of `wide`, and a last one for what is over, which
// begins before it: there stands −∞.
struct Tile {
  const float* x;
  std::int64_t steps;
  const float* tail;       // null where nothing is over
  std::int64_t tail_from;  // the place of tail[0], counted from x

  // Calls body(place of where[0], where) for each step.
  template <class Body>
  UNSURPRISED_INLINE void each(Body body) const {
    for (std::int64_t s = 0; s < steps; ++s) body(s * wide, x + s * wide);
    if (tail) body(tail_from, tail);
  }
};

// A row, a tile at a time: where it lies, if it lies there as floats, else in a buffer.
class Tiles {
 public:
  static constexpr std::int64_t size = 64 * wide;

  // Rows have `wide` classes at least.
  Tiles(const RowsView& view, const char* row) : view_(view), row_(row) {
    const bool aligned = reinterpret_cast<std::uintptr_t>(row) % alignof(float) == 0;
    in_place_ = view.type == Type::f32 && view.class_stride == sizeof(float) && aligned;
  }

  Tile at(std::int64_t first) {
    const char* from = row_ + first * view_.class_stride;
    const std::int64_t left = view_.classes - first;
    const std::int64_t count = left < size ? left : size;
    const std::int64_t steps = count / wide, over = count % wide;
    const std::int64_t tail_from = count - wide;  // may lie before `first`, never before the row
    if (over) {
      load(from + tail_from * view_.class_stride, wide, tail_);
      const int before = wide - static_cast<int>(over);
      for (int j = 0; j < wide; ++j) tail_[j] = j < before ? -infinity_narrow : tail_[j];
    }
    if (!in_place_) load(from, steps * wide, buffer_);
    return {in_place_ ? reinterpret_cast<const float*>(from) : buffer_, steps,
            over ? tail_ : nullptr, tail_from};
  }

  // Asks for what comes `size` scores after the `wide` ones at `at`.
  UNSURPRISED_INLINE void prefetch(std::int64_t at) const {
#if defined(__GNUC__)
    const char* next = row_ + (at + size) * view_.class_stride;
    __builtin_prefetch(next);
    __builtin_prefetch(next + 64);
    if (!in_place_) return;  // half as wide
    __builtin_prefetch(next + 128);
    __builtin_prefetch(next + 192);
#endif
  }

 private:
  void load(const char* from, std::int64_t count, float* to);

  const RowsView& view_;
  const char* row_;
  bool in_place_;
  alignas(64) float buffer_[size];
  alignas(64) float tail_[wide];
};

// What is found in one read of a row.
struct Scan {
  double top = -infinity;
  double top_at = 0.0;
  double rest = 0.0;    // Σ e^(x − top) of all others
  double spread = 0.0;  // Σ e^(x − top)·(top − x) of them
  bool told = false;    // whether single precision could tell all that
};

inline void Tiles::load(const char* from, std::int64_t count, float* to) {
  const std::int64_t stride = view_.class_stride;
  with_element(view_.type, [&](auto element) {
    using E = decltype(element);
    if constexpr (E::narrow) {
      if (stride == E::size)
        for (std::int64_t i = 0; i < count; ++i) to[i] = E::load_narrow(from + i * E::size);
      else
        for (std::int64_t i = 0; i < count; ++i) to[i] = E::load_narrow(from + i * stride);
    }
  });
}

inline float largest(const Tile& tile) {
  Wide best = wide_of(-infinity_narrow);
  tile.each([&](std::int64_t, const float* x) {
    for (int j = 0; j < wide; ++j) best[j] = x[j] > best[j] ? x[j] : best[j];
  });
  return folded(best.at, [](float a, float b) { return b > a ? b : a; });
}

// Where a score that the tile holds is met first; without a branch, lane by lane.
inline std::int64_t first_of(const Tile& tile, float score) {
  constexpr std::int32_t nowhere = 1 << 30;
  std::int32_t first[wide];
  for (int j = 0; j < wide; ++j) first[j] = nowhere;
  tile.each([&](std::int64_t place, const float* x) {
    const auto from = static_cast<std::int32_t>(place);
    for (int j = 0; j < wide; ++j) {
      const std::int32_t here = x[j] == score ? from + j : nowhere;
      first[j] = here < first[j] ? here : first[j];
    }
  });
  return folded(first, [](std::int32_t a, std::int32_t b) { return b < a ? b : a; });
}

inline bool holds_nan(const Tile& tile) {
  int found = 0;
  tile.each([&](std::int64_t, const float* x) {
    for (int j = 0; j < wide; ++j) found |= x[j] != x[j];
  });
  return found != 0;
}

// Σ e^gap and Σ e^gap·(−gap) of a tile, gaps being taken to `top`; NaN comes through.
template <bool WithSpread>
struct TileSums {
  float top;
  float lowest;  // a variable: of a constant GCC makes a comparison and a choice, not a maximum
  Wide weights = wide_of(0.0f);
  Wide spreads = wide_of(0.0f);

  // Steps side by side; the sums are local, so that they stay in registers.
  void add(const float* x, std::int64_t steps, const Tiles& tiles, std::int64_t place) {
    Wide weight_sums = weights, spread_sums = spreads;
    const float top_here = top, lowest_here = lowest;
    for (std::int64_t s = 0; s < steps; ++s) {
      tiles.prefetch(place + s * wide);
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

  // All of a tile but the score at `left_out`, if that is in it.
  void add_all(const Tile& tile, const Tiles& tiles, std::int64_t first, std::int64_t left_out) {
    const std::int64_t whole = tile.steps * wide;
    const bool in_steps = left_out >= 0 && left_out < whole;
    const std::int64_t before = in_steps ? left_out / wide : tile.steps;
    add(tile.x, before, tiles, first);
    if (in_steps) {
      add_but(tile.x + before * wide, left_out % wide, tiles, first + before * wide);
      const std::int64_t after = (before + 1) * wide;
      add(tile.x + after, tile.steps - before - 1, tiles, first + after);
    }
    if (tile.tail)
      add_but(tile.tail, left_out >= whole ? left_out - tile.tail_from : wide, tiles, first);
  }

 private:
  void add_but(const float* x, std::int64_t left_out, const Tiles& tiles, std::int64_t place) {
    alignas(64) float others[wide];
    for (int j = 0; j < wide; ++j) others[j] = j == left_out ? -infinity_narrow : x[j];
    add(others, 1, tiles, place);
  }
};

template <bool WithSpread>
inline Scan scan(const RowsView& view, const char* row) {
  Scan found;
  Tiles tiles(view, row);
  for (std::int64_t first = 0; first < view.classes; first += Tiles::size) {
    const Tile tile = tiles.at(first);
    const float top = largest(tile);
    if (top == -infinity_narrow) {  // nothing is possible here
      if (holds_nan(tile)) return {};
      continue;
    }
    const bool higher = top > found.top;
    const std::int64_t at = higher ? first_of(tile, top) : -1;
    TileSums<WithSpread> sums{top, view.classes > 0 ? lowest_gap : 0.0f};
    sums.add_all(tile, tiles, first, at);
    const double weight = total(sums.weights), spread = total(sums.spreads);
    if (found.top == -infinity) {
      found = {top, static_cast<double>(first + at), weight, spread};
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
      found.top_at = static_cast<double>(first + at);
    } else {
      found.spread += shrink * (spread + weight * gap);
      found.rest += shrink * weight;
    }
  }
  // Scores further down than 87 count as 87: far below the sum, or else the sum is not believed.
  // A row with NaN, without a finite score or with an infinite one is not told either.
  const double least = static_cast<double>(view.classes) * 0x1p-100;
  found.told = found.rest > least && found.rest < infinity;
  return found;
}

}  // namespace UNSURPRISED_TARGET
