// Lanes of probabilities, and where they meet what.
#pragma once

#include "narrow.h"

namespace UNSURPRISED_TARGET {

// As many floats as a loop keeps in registers, with their sums in double precision.
inline constexpr int some = 2 * lanes;

struct alignas(64) Floats {
  float at[some];
  float& operator[](int j) { return at[j]; }
  float operator[](int j) const { return at[j]; }
};

struct alignas(64) Doubles {
  double at[some];
  double& operator[](int j) { return at[j]; }
  double operator[](int j) const { return at[j]; }
};

inline Floats floats_of(float value) {
  Floats result;
  for (int j = 0; j < some; ++j) result[j] = value;
  return result;
}

inline float largest(const Floats& parts) {
  return folded(parts.at, higher);
}
inline float least(const Floats& parts) {
  return folded(parts.at, lower);
}
inline double total(const Doubles& parts) {
  return folded(parts.at, plus);
}
inline double total(const Floats& parts) {
  Doubles sums;
  for (int j = 0; j < some; ++j) sums[j] = parts[j];
  return total(sums);
}

inline constexpr int rows_at_once = 32;

// Calls body(r) for the first `count` rows; nearly always for all, in a loop that becomes vectors.
template <class Body>
UNSURPRISED_INLINE void each_row(int count, Body body) {
  if (count == rows_at_once)
    for (int r = 0; r < rows_at_once; ++r) body(r);
  else
    for (int r = 0; r < count; ++r) body(r);
}

// Where some lanes meet what: steps of `some` floats, `stride` from one to the next, and those of a
// tail behind them.
struct Run {
  const float* x;
  std::int64_t steps, stride;
  const float* tail = nullptr;
  std::int64_t tail_steps = 0;

  explicit Run(const Tile& tile)
      : x(tile.x),
        steps(tile.steps * per_step),
        stride(some),
        tail(tile.tail),
        tail_steps(tile.tail ? per_step : 0) {}
  Run(const float* x, std::int64_t steps, std::int64_t stride)
      : x(x), steps(steps), stride(stride) {}

  // Calls body(where, step).
  template <class Body>
  UNSURPRISED_INLINE void each(Body body) const {
    const std::int64_t whole = steps, over = tail_steps, pitch = stride;
    const float* at = x;
    for (std::int64_t s = 0; s < whole; ++s, at += pitch) body(at, s);
    at = tail;
    for (std::int64_t s = 0; s < over; ++s, at += pitch) body(at, whole + s);
  }

 private:
  static constexpr std::int64_t per_step = wide / some;
};

// The same of two rows beside each other.
template <class Body>
UNSURPRISED_INLINE void each_of(const Run& p, const Run& q, Body body) {
  const std::int64_t whole = p.steps, over = p.tail_steps, pitch = p.stride;
  const float *x = p.x, *y = q.x;
  for (std::int64_t s = 0; s < whole; ++s, x += pitch, y += pitch) body(x, y, s);
  x = p.tail, y = q.tail;
  for (std::int64_t s = 0; s < over; ++s, x += pitch, y += pitch) body(x, y, whole + s);
}

}  // namespace UNSURPRISED_TARGET
