// A row of log-probabilities that may keep no value below a floor, and what is known of what is
// there.
#pragma once

#include "floored.h"
#include "narrow_facts.h"
#include "ways.h"

namespace UNSURPRISED_TARGET {

using unsurprised::FlooredSide;

// So many classes are at hand at a time, and are summed without compensation in between.
inline constexpr std::int64_t floored_tile = 32 * lanes;

// Calls body(step of 16 entries, their first class) for a row; beyond its end nothing is possible.
template <class Body>
UNSURPRISED_INLINE void each_step(const RowsView& view, const char* row, Body body) {
  alignas(64) double held[floored_tile];
  for (std::int64_t first = 0; first < view.classes; first += floored_tile) {
    const std::int64_t left = view.classes - first;
    const std::int64_t count = left < floored_tile ? left : floored_tile;
    load_run(view, row + first * view.class_stride, count, held);
    for (std::int64_t i = count; i % lanes; ++i) held[i] = -infinity;
    for (std::int64_t i = 0; i < count; i += lanes) body(held + i, first + i);
  }
}

// The sum over a row of what body(step of 16 entries, parts) adds to 16 parts.
template <class Body>
UNSURPRISED_INLINE double summed_steps(const RowsView& view, const char* row, Body body) {
  constexpr std::int64_t at_once = 32;
  Sum sums;
  Lanes parts = all(0.0);
  std::int64_t steps = 0;
  each_step(view, row, [&](const double* x, std::int64_t) {
    body(x, parts);
    if (++steps % at_once == 0) {
      sums.add(parts);
      parts = all(0.0);
    }
  });
  sums.add(parts);
  return sums.total(false)[0];
}

// Entries of a row as floats, some at a time: where they lie, if they lie there as floats and fill
// whole steps, else in a buffer that is filled up.
class FlooredTiles {
 public:
  static constexpr std::int64_t size = pair_tile;
  static constexpr int step = 128;
  static_assert(size % step == 0);

  struct Part {
    const float* x;
    std::int64_t count;  // a multiple of `step`
  };

  Part at(const RowsView& view, const char* row, std::int64_t first, float beyond) {
    const char* const from = row + first * view.class_stride;
    const std::int64_t left = view.classes - first;
    std::int64_t count = left < size ? left : size;
    const bool aligned = reinterpret_cast<std::uintptr_t>(from) % alignof(float) == 0;
    if (view.type == Type::f32 && view.class_stride == sizeof(float) && aligned &&
        count % step == 0)
      return {reinterpret_cast<const float*>(from), count};
    load_narrow_run(view, from, count, buffer_);
    for (; count % step; ++count) buffer_[count] = beyond;
    return {buffer_, count};
  }

 private:
  alignas(64) float buffer_[size];
};

struct FlooredRow {
  const RowsView& view;
  const char* row;
  const bool is_stated;                 // its entries are log-probabilities as they are
  double top = -infinity, shift = 0.0;  // entries less `shift` are log-probabilities
  std::int64_t top_at = 0;
  bool has_tail = false;
  double floor = infinity;  // no entry is that, where there is no tail
  // What none of the tail exceeds, and the least and the most that they add up to.
  double half_step = 0.0, log_cap = -infinity, least = 0.0, most = 0.0;
  // Of all entries as they stand, of rows that are stated; of others 1, or NaN: no distribution.
  double sum = 1.0;
  double entropy = 0.0;  // in nats; the least that it can be

  FlooredRow(const FlooredSide& of, std::int64_t index)
      : view(of.side->view), row(view.row(index)), is_stated(of.floored), index_(index), of_(of) {}

  // In double precision: what `complete` needs is still to be summed.
  void read() {
    double bottom = infinity;
    find_ends(bottom);
    if (is_stated) return end_at(bottom, bottom + half_step_from(bottom));
    const double weights = sum_of_weights();
    shift = top + natural_log(weights);
    sum += weights - weights;
  }

  // In single precision: of rows that are stated only the ends, and the rest is added tile by tile.
  // Whether that could tell the row.
  bool read_narrow(LogTiles& tiles) {
    if (is_stated) {
      read_ends(tiles);
      return true;
    }
    const Scan found = scan<true>(view, tiles, row, true);
    if (!found.told || !is_moderate(found.top)) return false;
    const double top_surprisal = natural_log_1p(found.rest);
    top = found.top;
    top_at = static_cast<std::int64_t>(found.top_at);
    shift = top + top_surprisal;
    entropy = top_surprisal + found.spread / (1.0 + found.rest);
    return true;
  }

  // Adds what some entries list: Σ e^(x − top) and Σ e^(x − top)·(top − x), and how many are at the
  // floor.
  UNSURPRISED_APART void add_listed(const float* x, std::int64_t count) {
    const auto floor_here = static_cast<float>(floor), top_here = static_cast<float>(top);
    const float lowest = count > 0 ? lowest_gap : 0.0f;  // a variable, see TileSums
    Beside weights{}, spreads{};
    std::int32_t counts[beside] = {};
    for (std::int64_t i = 0; i < count; i += beside)
      for (int j = 0; j < beside; ++j) {
        float gap = x[i + j] - top_here;
        gap = lowest > gap ? lowest : gap;  // NaN stays
        const Choice is_listed(x[i + j] != floor_here);
        const float weight = is_listed.or_nothing(narrow_exp(gap));
        weights[j] += weight;
        spreads[j] = std::fma(-gap, weight, spreads[j]);
        counts[j] += is_listed.bits == 0 ? 1 : 0;
      }
    add_to(listed_, weights);
    add_to(spread_, spreads);
    at_floor_ += folded(counts, plus);
  }

  // Once all is added.
  void complete() {
    const double unit = exp(top), listed = folded(listed_.at, plus);
    complete(listed * unit, (folded(spread_.at, plus) - top * listed) * unit, at_floor_);
  }

  // What follows of what is not at the floor, its sum and Σ −p ln p, and of how many entries are.
  void complete(double listed, double spread, double at_floor) {
    entropy = spread;
    if (!is_stated) return;
    sum = has_tail ? std::fma(exp(floor), at_floor, listed) : listed;
    if (!has_tail) return;
    const double rest = 1.0 - listed * (1.0 - half_step), capped = exp(log_cap) * at_floor;
    most = rest > 0.0 ? (capped < rest ? capped : rest) : 0.0;
    least = 1.0 - listed * (1.0 + half_step);
    least = least > 0.0 ? (least < most ? least : most) : 0.0;
    entropy -= least > 0.0 ? least * log_cap : 0.0;
  }

  // Whether an entry is only known to be no more than a bound.
  UNSURPRISED_INLINE bool is_tail(double entry) const { return entry == floor; }

  double as_event(double mass) const {
    const double raised = mass > least ? mass : least;
    return raised < most ? raised : most;
  }

 private:
  const std::int64_t index_;
  const FlooredSide& of_;
  Lanes listed_ = all(0.0), spread_ = all(0.0);
  double at_floor_ = 0.0;

  double half_step_from(double bottom) const { return (top - bottom) / 65535.0 / 2.0; }

  void end_at(double bottom, double cap) {
    if (!of_.floored[index_]) return;
    has_tail = true;
    floor = bottom;
    half_step = half_step_from(bottom);
    log_cap = cap;
  }

  void find_ends(double& bottom) {
    Lanes high = all(-infinity), high_at = all(0.0), low = all(infinity);
    each_step(view, row, [&](const double* x, std::int64_t first) {
      const auto here = static_cast<double>(first);
      for (int l = 0; l < lanes; ++l) {
        const bool higher = x[l] > high[l], lower = (x[l] > -infinity) & (x[l] < low[l]);
        high_at[l] = higher ? here : high_at[l];
        high[l] = higher ? x[l] : high[l];
        low[l] = lower ? x[l] : low[l];
      }
    });
    double at = 0.0;
    for (int l = 0; l < lanes; ++l) {
      const double place = high_at[l] + l;
      const bool better = high[l] > top || (high[l] == top && place < at);
      at = better ? place : at;
      top = better ? high[l] : top;
      bottom = low[l] < bottom ? low[l] : bottom;
    }
    top_at = static_cast<std::int64_t>(at);
  }

  // Σ e^(x − top).
  double sum_of_weights() const {
    return summed_steps(view, row, [&](const double* x, Lanes& parts) {
      for (int l = 0; l < lanes; ++l) parts[l] += exp(x[l] - top);
    });
  }

  void read_ends(LogTiles& tiles) {
    tiles.open(row);
    float bottom = infinity_narrow;
    for (std::int64_t first = 0; first < view.classes; first += LogTiles::size)
      find_ends(tiles.at(first), first, bottom);
    end_at(bottom, rounded_up(bottom + half_step_from(bottom)));
  }

  // The least float that is not below a number.
  static double rounded_up(double x) {
    const auto narrow = static_cast<float>(x);
    return narrow < x ? std::nextafter(narrow, infinity_narrow) : narrow;
  }

  void find_ends(const Tile& tile, std::int64_t first, float& bottom) {
    Wide high = wide_of(-infinity_narrow), low = wide_of(infinity_narrow);
    tile.each([&](const float* x) {
      for (int j = 0; j < wide; ++j) {
        high[j] = x[j] > high[j] ? x[j] : high[j];
        // Beyond the end nothing is possible.
        const float possible = x[j] > -infinity_narrow ? x[j] : infinity_narrow;
        low[j] = possible < low[j] ? possible : low[j];
      }
    });
    const float here = largest(high), below = folded(low.at, lower);
    bottom = below < bottom ? below : bottom;
    if (!(here > top)) return;
    top = here;
    top_at = first + first_of(tile, high.at, here);
  }
};

}  // namespace UNSURPRISED_TARGET
