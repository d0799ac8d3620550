// Single precision: what rows of float32, float16 and bfloat16 are measured in.
//
// Here are the pieces: 64 floats side by side, and a row that comes a tile at a time. What is
// measured with them stands in narrow_log.h, narrow_log_pair.h, narrow_mass.h, narrow_mass_pair.h.
#pragma once

#include <cstring>

#include "narrow_elementary.h"
#include "rows.h"

namespace UNSURPRISED_TARGET {

// 64 sums or maxima side by side hide the latency of an operation.
inline constexpr int wide = 4 * lanes;

struct alignas(64) Wide {
  float at[wide];
  float& operator[](int j) { return at[j]; }
  float operator[](int j) const { return at[j]; }
};

inline Wide wide_of(float value) {
  Wide result;
  for (int j = 0; j < wide; ++j) result[j] = value;
  return result;
}

// Halves that are put together, again and again: one fixed tree.
template <class T, int Size, class F>
UNSURPRISED_INLINE T folded(const T (&parts)[Size], F f) {
  if constexpr (Size == 1) {
    return parts[0];
  } else {
    T half[Size / 2];
    for (int j = 0; j < Size / 2; ++j) half[j] = f(parts[j], parts[j + Size / 2]);
    return folded(half, f);
  }
}

inline constexpr auto plus = [](auto a, auto b) { return a + b; };
inline constexpr auto higher = [](auto a, auto b) { return b > a ? b : a; };
inline constexpr auto lower = [](auto a, auto b) { return b < a ? b : a; };

inline double total(const Wide& parts) {
  double sums[wide];
  for (int j = 0; j < wide; ++j) sums[j] = parts[j];
  return folded(sums, plus);
}

inline float largest(const Wide& parts) {
  return folded(parts.at, higher);
}

// Some entries of a row as floats: whole steps of `wide`, and a last one that is filled up with
// `nothing`.
struct Tile {
  const float* x;
  std::int64_t steps;
  const float* tail;  // null where nothing is over

  // Calls body(where) for each step.
  template <class Body>
  UNSURPRISED_INLINE void each(Body body) const {
    for (std::int64_t s = 0; s < steps; ++s) body(x + s * wide);
    if (tail) body(tail);
  }
};

// A row, a tile of at most `Size` at a time: where it lies, if it lies there as floats, else in a
// buffer.
template <std::int64_t Size>
class Tiles {
  static_assert(Size % wide == 0);

 public:
  static constexpr std::int64_t size = Size;

  Tiles(const RowsView& view, float nothing) : view_(view), nothing_(nothing) {}

  void open(const char* row) {
    row_ = row;
    loaded_ = -1;
    const bool aligned = reinterpret_cast<std::uintptr_t>(row) % alignof(float) == 0;
    in_place_ = view_.type == Type::f32 && view_.class_stride == sizeof(float) && aligned;
  }

  Tile at(std::int64_t first) {
    const char* from = row_ + first * view_.class_stride;
    const std::int64_t left = view_.classes - first;
    const std::int64_t count = left < size ? left : size;
    if (!in_place_ && first != loaded_) load_narrow_run(view_, from, count, buffer_);
    loaded_ = first;
    const float* x = in_place_ ? reinterpret_cast<const float*>(from) : buffer_;
    const std::int64_t steps = count / wide, over = count % wide;
    if (over) {
      for (int j = 0; j < wide; ++j) tail_[j] = nothing_;
      std::memcpy(tail_, x + steps * wide, static_cast<std::size_t>(over) * sizeof(float));
    }
    return {x, steps, over ? tail_ : nullptr};
  }

  // Asks for what comes `size` scores after the `count` ones at `at`.
  UNSURPRISED_INLINE void prefetch(std::int64_t at, int count = wide) const {
#if defined(__GNUC__)
    const char* next = row_ + (at + size) * view_.class_stride;
    const int bytes = count * static_cast<int>(sizeof(float));
    __builtin_prefetch(next);
    if (!in_place_) {  // half as wide
      for (int byte = 64; byte < bytes / 2; byte += 64) __builtin_prefetch(next + byte);
      return;
    }
    for (int byte = 64; byte < bytes; byte += 64) __builtin_prefetch(next + byte);
#else
    static_cast<void>(at), static_cast<void>(count);
#endif
  }

 private:
  const RowsView& view_;
  const float nothing_;
  const char* row_ = nullptr;
  bool in_place_ = false;
  std::int64_t loaded_ = -1;  // what the buffer holds
  alignas(64) float buffer_[size];
  alignas(64) float tail_[wide];
};

// What a loop over a tile asks for on its way: the next tile, of one row or of two, or nothing. No
// lambdas: a compiler takes their calls, which return nothing, for needless.
template <class T>
struct Ahead {
  const T& tiles;
  std::int64_t first;
  UNSURPRISED_INLINE void operator()(std::int64_t at, int count = wide) const {
    tiles.prefetch(first + at, count);
  }
};
template <class T>
struct BothAhead {
  const T &p, &q;
  std::int64_t first;
  UNSURPRISED_INLINE void operator()(std::int64_t at, int count = wide) const {
    p.prefetch(first + at, count);
    q.prefetch(first + at, count);
  }
};
struct NothingAhead {
  UNSURPRISED_INLINE void operator()(std::int64_t, int = wide) const {}
};

}  // namespace UNSURPRISED_TARGET
