// What fits of temperature and vector scaling ask of rows of log-probabilities: sums over rows.
#pragma once

#include <cstdint>

namespace unsurprised {

// Log-probabilities of rows, `lanes` of them side by side: class k of row `lanes`·i + l lies at
// scores[(i · classes + k) · lanes + l]; −∞ has no share. Behind the last row there are some of
// weight 0, whose scores are finite.
struct PackedRows {
  static constexpr int lanes = 8;
  const double *scores, *weights;
  std::int64_t classes;
  // What happened, where it is asked for: the class of each row, or the share of each class, which
  // lies as the scores do.
  const double *labels = nullptr, *shares = nullptr;
};

// Lays out rows, each with a finite score, in groups: from `first`, a multiple of `lanes`, to
// `last`. Beyond `rows` there are zeros.
void pack_rows(const double* rows, std::int64_t count, std::int64_t classes, std::int64_t first,
               std::int64_t last, double* packed);

// Each function adds up some groups of rows. Shares q of a row are those of the scores a x + b.

// Σ w Σ q x and Σ w var(x) for the factor a of all classes and no shift.
using TemperedSums = void (*)(PackedRows rows, std::int64_t groups, double factor, double* sums);

// Σ w (−ln q) of what happened; then its derivatives by the factor of each class, Σ w (q − y) x,
// and by its shift, Σ w (q − y).
using ScaledSums = void (*)(PackedRows rows, std::int64_t groups, const double* factors,
                            const double* shifts, double* sums);

// The second derivatives of the first of these by all factors, then all shifts: a square matrix,
// of which the upper triangle is filled in.
using ScaledCurvature = void (*)(PackedRows rows, std::int64_t groups, const double* factors,
                                 const double* shifts, double* matrix);

// The most by which a x + b differs between two possible classes of one of the first `count` rows.
using ScaledSpread = double (*)(PackedRows rows, std::int64_t count, const double* factors,
                                const double* shifts);

// So many groups are added up at a time, whatever the number of threads.
inline constexpr std::int64_t groups_at_a_time = 64;

}  // namespace unsurprised
