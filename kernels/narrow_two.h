// Rows of two probabilities of at most single precision, 32 at a time: what narrow_mass.h and
// narrow_mass_pair.h find lane by lane follows from both entries at once.
#pragma once

#include "narrow_mass.h"
#include "narrow_mass_pair.h"

namespace UNSURPRISED_TARGET {

// 32 rows of two entries: where they lie, if they lie there side by side, else in a buffer.
class RowsOfTwo {
 public:
  explicit RowsOfTwo(const RowsView& view) : view_(view) {
    constexpr std::int64_t size = sizeof(float);
    const bool floats = view.type == Type::f32 && view.class_stride == size;
    const bool aligned = reinterpret_cast<std::uintptr_t>(view.data) % alignof(float) == 0;
    side_by_side_ = view.dimensions == 1 && view.strides[0] == 2 * view.class_stride;
    in_place_ = floats && aligned && side_by_side_;
  }

  // Rows that are not there have no mass.
  const float* open(std::int64_t first, int count) {
    at_ = buffer_;
    if (in_place_ && count == rows_at_once)
      at_ = reinterpret_cast<const float*>(view_.row(first));
    else if (side_by_side_ && count == rows_at_once)
      load_narrow_run(view_, view_.row(first), 2 * rows_at_once, buffer_);
    else
      for (int r = 0; r < rows_at_once; ++r) load(first, r, r < count);
    return at_;
  }

  float entry(int r, std::int64_t index) const { return at_[2 * r + index]; }

 private:
  void load(std::int64_t first, int r, bool is_there) {
    float* const to = buffer_ + 2 * r;
    to[0] = to[1] = 0.0f;
    if (!is_there) return;
    load_narrow_run(view_, view_.row(first + r), 2, to);
  }

  const RowsView& view_;
  bool side_by_side_, in_place_;
  const float* at_ = nullptr;
  alignas(64) float buffer_[2 * rows_at_once];
};

// Entropy's sums.
class TwoMasses {
 public:
  MassRows found;

  explicit TwoMasses(const RowsView& view) : rows_(view) {}

  double entry(std::int64_t, int r, std::int64_t index) const {
    return static_cast<double>(rows_.entry(r, index));
  }

  void prepare(std::int64_t first, int count, bool with_entropy, bool) {
    const float* const x = rows_.open(first, count);
    with_entropy ? look_at<true>(x) : look_at<false>(x);
    found.judge();
  }

 private:
  template <bool WithEntropy>
  void look_at(const float* x) {
    float ones[rows_at_once], others[rows_at_once], rests[rows_at_once];
    for (int r = 0; r < rows_at_once; ++r) {
      ones[r] = x[2 * r];
      others[r] = x[2 * r + 1];
    }
    for (int r = 0; r < rows_at_once; ++r) {
      // NaN is either the top or the rest.
      const bool other_on_top = ones[r] < others[r];
      found.top[r] = other_on_top ? others[r] : ones[r];
      rests[r] = other_on_top ? ones[r] : others[r];
      found.top_at[r] = other_on_top ? 1 : 0;
    }
    for (int r = 0; r < rows_at_once; ++r) found.rest[r] = static_cast<double>(rests[r]);
    for (int r = 0; r < rows_at_once; ++r) found.least[r] = rests[r] < 0.0f ? rests[r] : 0.0f;
    if constexpr (WithEntropy) {
      float exponents[rows_at_once], overs[rows_at_once], logs[rows_at_once];
      for (int r = 0; r < rows_at_once; ++r) {
        // Of 0 the logarithm is finite.
        const NarrowParts parts = narrow_parts(rests[r] / found.top[r]);
        exponents[r] = NarrowLog2::bias - parts.exponent;
        overs[r] = parts.over;
      }
      narrow_log2_1p_small(overs, logs);
      for (int r = 0; r < rows_at_once; ++r) found.spread[r] = rests[r] * (exponents[r] - logs[r]);
    }
  }

  RowsOfTwo rows_;
};

// KL.
class TwoMassPairs {
 public:
  MassPairRows found;

  TwoMassPairs(const RowsView& p, const RowsView& q) : p_(p), q_(q) {}

  void prepare(std::int64_t first, int count) {
    const float *const p = p_.open(first, count), *const q = q_.open(first, count);
    float ps[2][rows_at_once], qs[2][rows_at_once];
    for (int r = 0; r < rows_at_once; ++r) {
      ps[0][r] = p[2 * r];
      ps[1][r] = p[2 * r + 1];
    }
    for (int r = 0; r < rows_at_once; ++r) {
      qs[0][r] = q[2 * r];
      qs[1][r] = q[2 * r + 1];
    }
    float upper[rows_at_once], below[rows_at_once];
    for (int r = 0; r < rows_at_once; ++r) {
      found.p_sum[r] = static_cast<double>(ps[0][r]) + static_cast<double>(ps[1][r]);
      found.q_sum[r] = static_cast<double>(qs[0][r]) + static_cast<double>(qs[1][r]);
      const TwoFloats ratio(found.p_sum[r] / found.q_sum[r]);
      upper[r] = ratio.upper;
      below[r] = ratio.lower;
    }
    MassTerms<rows_at_once> one, other;
    one.find(ps[0], qs[0], upper, below);
    other.find(ps[1], qs[1], upper, below);
    float terms[rows_at_once], ratios[rows_at_once], apart[rows_at_once], least[rows_at_once];
    for (int r = 0; r < rows_at_once; ++r) {
      terms[r] = one.value[r] + other.value[r];
      // Where both entries are 0 the ratio and the distance are NaN.
      ratios[r] = higher(higher(0.0f, one.ratio[r]), other.ratio[r]);
      apart[r] = higher(higher(0.0f, one.apart[r]), other.apart[r]);
    }
    for (int r = 0; r < rows_at_once; ++r) {
      const float p_least = ps[0][r] < ps[1][r] ? ps[0][r] : ps[1][r];
      const float q_least = qs[0][r] < qs[1][r] ? qs[0][r] : qs[1][r];
      least[r] = p_least < q_least ? p_least : q_least;
    }
    found.judge(terms, ratios, apart, least);
  }

 private:
  RowsOfTwo p_, q_;
};

}  // namespace UNSURPRISED_TARGET
