// Rows of few probabilities, turned so that a class of all rows lies side by side.
#pragma once

#include "narrow_lanes.h"

namespace UNSURPRISED_TARGET {

// Four classes of some rows are turned at once, in registers.
#if defined(__has_builtin)
#if __has_builtin(__builtin_shufflevector)
#define UNSURPRISED_TURNS 1
#endif
#endif
#if UNSURPRISED_TURNS
using FourFloats = float __attribute__((vector_size(16)));

UNSURPRISED_INLINE FourFloats four_at(const char* from) {
  FourFloats four;
  std::memcpy(&four, from, sizeof four);
  return four;
}

#if defined(__AVX__)
inline constexpr int turned_rows = 8;
using Turned = float __attribute__((vector_size(32)));

UNSURPRISED_INLINE Turned turned_at(const char* from, std::int64_t pitch) {
  return __builtin_shufflevector(four_at(from), four_at(from + 4 * pitch), 0, 1, 2, 3, 4, 5, 6, 7);
}
UNSURPRISED_INLINE Turned lower_of(Turned a, Turned b) {
  return __builtin_shufflevector(a, b, 0, 8, 1, 9, 4, 12, 5, 13);
}
UNSURPRISED_INLINE Turned upper_of(Turned a, Turned b) {
  return __builtin_shufflevector(a, b, 2, 10, 3, 11, 6, 14, 7, 15);
}
UNSURPRISED_INLINE Turned lower_pairs_of(Turned a, Turned b) {
  return __builtin_shufflevector(a, b, 0, 1, 8, 9, 4, 5, 12, 13);
}
UNSURPRISED_INLINE Turned upper_pairs_of(Turned a, Turned b) {
  return __builtin_shufflevector(a, b, 2, 3, 10, 11, 6, 7, 14, 15);
}
#else
inline constexpr int turned_rows = 4;
using Turned = FourFloats;

UNSURPRISED_INLINE Turned turned_at(const char* from, std::int64_t) {
  return four_at(from);
}
UNSURPRISED_INLINE Turned lower_of(Turned a, Turned b) {
  return __builtin_shufflevector(a, b, 0, 4, 1, 5);
}
UNSURPRISED_INLINE Turned upper_of(Turned a, Turned b) {
  return __builtin_shufflevector(a, b, 2, 6, 3, 7);
}
UNSURPRISED_INLINE Turned lower_pairs_of(Turned a, Turned b) {
  return __builtin_shufflevector(a, b, 0, 1, 4, 5);
}
UNSURPRISED_INLINE Turned upper_pairs_of(Turned a, Turned b) {
  return __builtin_shufflevector(a, b, 2, 3, 6, 7);
}
#endif

UNSURPRISED_INLINE void turn_four(const char* from, std::int64_t pitch, float* to, int stride) {
  Turned rows[4];
  for (int r = 0; r < 4; ++r) rows[r] = turned_at(from + r * pitch, pitch);
  const Turned lower_one = lower_of(rows[0], rows[1]), lower_two = lower_of(rows[2], rows[3]);
  const Turned upper_one = upper_of(rows[0], rows[1]), upper_two = upper_of(rows[2], rows[3]);
  const Turned classes[] = {
      lower_pairs_of(lower_one, lower_two), upper_pairs_of(lower_one, lower_two),
      lower_pairs_of(upper_one, upper_two), upper_pairs_of(upper_one, upper_two)};
  for (int k = 0; k < 4; ++k) std::memcpy(to + k * stride, &classes[k], sizeof(Turned));
}
#endif

// Rows of few classes, one class of all rows after the other: lane r is of row r.
class ByClass {
 public:
  static constexpr int stride = rows_at_once;  // from a class to the next
  static_assert(rows_at_once == some);

  explicit ByClass(const RowsView& view)
      : view_(view),
        pitch_(view.dimensions == 1 ? view.strides[0] : 0),
        in_place_(view.dimensions == 1 && view.type == Type::f32 &&
                  view.class_stride == sizeof(float)),
        side_by_side_(view.dimensions == 1 && pitch_ == view.classes * view.class_stride) {}

  // All classes; and so many of them that their sum is one of `groups`, put together at the end.
  Run all() const { return Run(turned_, view_.classes, stride); }
  int groups() const { return view_.classes < many_classes_from ? 2 : 8; }
  Run group(int h) const {
    const std::int64_t count = groups();
    return Run(turned_ + h * stride, (view_.classes - h + count - 1) / count, count * stride);
  }
  float entry(int r, std::int64_t index) const { return turned_[index * stride + r]; }

  // Asks for memory of the rows that come next, at a step of a group.
  UNSURPRISED_INLINE void ask_for_next(int h, std::int64_t step) const {
#if defined(__GNUC__)
    const char* const at = next_ + (step * groups() + h) * stride * size;
    __builtin_prefetch(at);
    __builtin_prefetch(at + 64);
#else
    static_cast<void>(h), static_cast<void>(step);
#endif
  }

  // Rows that are not there have no mass.
  void open(std::int64_t first, int count) {
    next_ = view_.row(first + rows_at_once);
    const bool in_place = in_place_ && count == rows_at_once;
    const char* const row = view_.row(first);
    for (int r = 0; r < rows_at_once; r += turned_at_once) {
      if (in_place) {
        turn(row + r * pitch_, pitch_, r);
        continue;
      }
      load(first + r, count - r);
      turn(reinterpret_cast<const char*>(flat_), view_.classes * size, r);
    }
  }

 private:
  static constexpr std::int64_t size = sizeof(float);
  static constexpr int turned_at_once = 8;

  void load(std::int64_t first, int count) {
    const std::int64_t classes = view_.classes;
    if (side_by_side_ && count >= turned_at_once)
      return load_narrow_run(view_, view_.row(first), turned_at_once * classes, flat_);
    for (int r = 0; r < turned_at_once; ++r) {
      float* const to = flat_ + r * classes;
      if (r < count)
        load_narrow_run(view_, view_.row(first + r), classes, to);
      else
        for (std::int64_t i = 0; i < classes; ++i) to[i] = 0.0f;
    }
  }

  void turn(const char* from, std::int64_t pitch, int row) {
    const std::int64_t classes = view_.classes;
    float* const to = turned_ + row;
#if UNSURPRISED_TURNS
    if (classes >= 4) {
      for (int r = 0; r < turned_at_once; r += turned_rows)
        // The last four are turned with some that were turned before.
        for (std::int64_t k = 0; k < classes; k += 4) {
          const std::int64_t first = k + 4 < classes ? k : classes - 4;
          turn_four(from + r * pitch + first * size, pitch, to + first * stride + r, stride);
        }
      return;
    }
#endif
    for (int r = 0; r < turned_at_once; ++r)
      for (std::int64_t k = 0; k < classes; ++k)
        std::memcpy(to + k * stride + r, from + r * pitch + k * size, sizeof(float));
  }

  const RowsView& view_;
  const std::int64_t pitch_;
  const bool in_place_, side_by_side_;
  const char* next_ = nullptr;
  alignas(64) float turned_[narrow_along_from * stride];
  alignas(64) float flat_[narrow_along_from * turned_at_once];
};

// Takes what the rows' lanes say of a group to what is known of those before.
template <class T, class F>
UNSURPRISED_INLINE void join(const T (&lanes_of)[some], T (&rows)[rows_at_once], int h, F f) {
  if (h == 0)
    for (int r = 0; r < rows_at_once; ++r) rows[r] = lanes_of[r];
  else
    for (int r = 0; r < rows_at_once; ++r) rows[r] = f(rows[r], lanes_of[r]);
}

// What a loop over a group asks for on its way. No lambda, see Ahead.
struct NextRows {
  const ByClass& rows;
  int h;
  UNSURPRISED_INLINE void operator()(std::int64_t step) const { rows.ask_for_next(h, step); }
};

struct BothNextRows {
  const ByClass &p, &q;
  int h;
  UNSURPRISED_INLINE void operator()(std::int64_t step) const {
    p.ask_for_next(h, step);
    q.ask_for_next(h, step);
  }
};

}  // namespace UNSURPRISED_TARGET
