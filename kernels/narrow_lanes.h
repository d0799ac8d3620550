// Rows of probabilities side by side, and what the lanes of each row say put together.
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

inline Doubles doubles_of(double value) {
  Doubles result;
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

// Rows side by side: lane Group·r + h holds the classes Group·u + h of row r, u by u. Neighbouring
// classes are moved as one number, and what a row's lanes say is joined at the end.
template <int Group>
class SideBySide {
 public:
  static constexpr int stride = Group * rows_at_once;  // from a unit to the next

  explicit SideBySide(const RowsView& view)
      : view_(view), units_((view.classes + Group - 1) / Group) {}

  std::int64_t units() const { return units_; }
  const float* lanes_from(int lane) const { return buffer_ + lane; }
  float entry(int r, std::int64_t index) const {
    return buffer_[index / Group * stride + Group * r + index % Group];
  }

  // Asks for a line of memory of the rows that come next: as many steps as a loop over all lanes
  // takes, so many lines are there to ask for.
  UNSURPRISED_INLINE void ask_for_next(std::int64_t lane, std::int64_t step) const {
#if defined(__GNUC__)
    __builtin_prefetch(next_ +
                       (lane * units_ + step * some) * static_cast<std::int64_t>(sizeof(float)));
#else
    static_cast<void>(lane), static_cast<void>(step);
#endif
  }

  void open(std::int64_t first, int count) {
    next_ = view_.row(first + rows_at_once);
    const std::int64_t classes = view_.classes;
    const bool floats = view_.type == Type::f32 && view_.class_stride == sizeof(float);
    if (count < rows_at_once)
      for (std::int64_t i = 0; i < units_ * stride; ++i) buffer_[i] = 0.0f;
    const std::int64_t pitch = view_.dimensions ? view_.strides[0] : 0;
    if (floats && count == rows_at_once && view_.dimensions == 1)
      return take(view_.row(first), pitch);
    for (int r = 0; r < count; ++r) {
      const char* from = view_.row(first + r);
      if (!floats) {
        load_narrow_run(view_, from, classes, flat_);
        from = reinterpret_cast<const char*>(flat_);
      }
      for (std::int64_t u = 0; u < whole(); ++u) move(u, r, from, Group);
      if (whole() < units_) move(whole(), r, from, classes % Group);
    }
  }

 private:
  std::int64_t whole() const { return view_.classes / Group; }

  // All rows, a unit at a time.
  void take(const char* from, std::int64_t pitch) {
    for (std::int64_t u = 0; u < whole(); ++u)
      for (int r = 0; r < rows_at_once; ++r) move(u, r, from + r * pitch, Group);
    if (whole() == units_) return;
    for (int r = 0; r < rows_at_once; ++r)
      move(whole(), r, from + r * pitch, view_.classes % Group);
  }

  // Some classes of a unit to their place; those that are missing have no mass.
  UNSURPRISED_INLINE void move(std::int64_t u, int r, const char* row, std::int64_t count) {
    float* to = buffer_ + u * stride + Group * r;
    const char* from = row + u * Group * static_cast<std::int64_t>(sizeof(float));
    if (count == Group) {
      std::memcpy(to, from, Group * sizeof(float));
      return;
    }
    for (int h = 0; h < Group; ++h) to[h] = 0.0f;
    std::memcpy(to, from, static_cast<std::size_t>(count) * sizeof(float));
  }

  const RowsView& view_;
  const std::int64_t units_;
  const char* next_ = nullptr;
  static constexpr std::int64_t most =
      Group == few_classes_group ? many_classes_from : narrow_along_from;
  alignas(64) float buffer_[(most + Group) / Group * stride];
  alignas(64) float flat_[most];
};

// What a loop over a lane asks for on its way. No lambda, see Ahead.
template <class Rows>
struct NextRows {
  const Rows& rows;
  std::int64_t lane;
  UNSURPRISED_INLINE void operator()(std::int64_t step) const { rows.ask_for_next(lane, step); }
};

template <class Rows>
struct BothNextRows {
  const Rows &p, &q;
  std::int64_t lane;
  UNSURPRISED_INLINE void operator()(std::int64_t step) const {
    p.ask_for_next(lane, step);
    q.ask_for_next(lane, step);
  }
};

// What the lanes of each row say, put together; all rows in one loop, which becomes vectors.
template <int Group, class T, class F>
UNSURPRISED_INLINE void join_here(const T* lanes_of, T (&rows)[rows_at_once], F f) {
  for (int r = 0; r < rows_at_once; ++r) {
    T joined = lanes_of[r * Group];
    for (int h = 1; h < Group; ++h) joined = f(joined, lanes_of[r * Group + h]);
    rows[r] = joined;
  }
}

template <int Group, class T, class F>
UNSURPRISED_APART void join_apart(const T* lanes_of, T (&rows)[rows_at_once], F f) {
  join_here<Group>(lanes_of, rows, f);
}

// Of many lanes that is much code, and beside them a call is little.
template <int Group, class T, class F>
UNSURPRISED_INLINE void join(const T* lanes_of, T (&rows)[rows_at_once], F f) {
  if constexpr (Group == many_classes_group)
    join_apart<Group>(lanes_of, rows, f);
  else
    join_here<Group>(lanes_of, rows, f);
}

// What is known of each row in all of its lanes.
template <int Group>
UNSURPRISED_INLINE void spread_out(const float (&rows)[rows_at_once], float* lanes_of) {
  for (int r = 0; r < rows_at_once; ++r)
    for (int h = 0; h < Group; ++h) lanes_of[r * Group + h] = rows[r];
}

}  // namespace UNSURPRISED_TARGET
