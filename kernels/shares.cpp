#include "shares.h"

#include "narrow_elementary.h"

namespace UNSURPRISED_TARGET {

namespace {

constexpr std::int64_t at_once = 32 * lanes;

// Shares of neighbouring classes: e^gap times the top's share; none of those that lie 87 nats and
// more below the top.
UNSURPRISED_INLINE void shares_of_run(const float* scores, std::int64_t count, float top,
                                      float top_share, float lowest, float* shares) {
  for (std::int64_t i = 0; i < count; ++i) {
    const float gap = scores[i] - top;
    const float weight = narrow_exp(gap > lowest ? gap : lowest) * top_share;
    shares[i] = gap > lowest ? weight : 0.0f;
  }
}

}  // namespace

void add_shares(const unsurprised::ShareRows& given, std::int64_t begin, std::int64_t end,
                double* coarse, double* fine) {
  // What is added to a double of this size is rounded to a multiple of the unit.
  constexpr double to_coarse = 0x1.8p52 * unsurprised::coarse_share;
  constexpr double to_fine = 0x1.8p52 * unsurprised::fine_share;
  const RowsView& view = given.side->view;
  const float lowest = view.classes > 0 ? lowest_gap : 0.0f;  // a variable, see TileSums
  alignas(64) float scores[at_once], shares[at_once];
  alignas(64) double upper[at_once], lower[at_once];
  for (std::int64_t first = begin; first < end; first += at_once) {
    const std::int64_t held = end - first < at_once ? end - first : at_once;
    for (std::int64_t i = 0; i < at_once; ++i) {
      upper[i] = i < held ? coarse[first + i] : 0.0;
      lower[i] = i < held ? fine[first + i] : 0.0;
      scores[i] = -infinity_narrow;
    }
    for (std::int64_t row = 0; row < given.rows; ++row) {
      load_narrow_run(view, view.row(row) + first * view.class_stride, held, scores);
      shares_of_run(scores, at_once, static_cast<float>(given.tops[row]),
                    static_cast<float>(given.top_shares[row]), lowest, shares);
      for (std::int64_t i = 0; i < at_once; ++i) {
        const auto share = static_cast<double>(shares[i]);
        const double whole = (share + to_coarse) - to_coarse;
        const double rest = ((share - whole) + to_fine) - to_fine;
        upper[i] += whole;
        lower[i] += rest;
      }
    }
    for (std::int64_t i = 0; i < held; ++i) {
      coarse[first + i] = upper[i];
      fine[first + i] = lower[i];
    }
  }
}

void shares_of(const Side& side, std::int64_t row, double top, double top_share, float* shares) {
  const RowsView& view = side.view;
  const float lowest = view.classes > 0 ? lowest_gap : 0.0f;
  alignas(64) float scores[at_once];
  for (std::int64_t first = 0; first < view.classes; first += at_once) {
    const std::int64_t held = view.classes - first < at_once ? view.classes - first : at_once;
    load_narrow_run(view, view.row(row) + first * view.class_stride, held, scores);
    shares_of_run(scores, held, static_cast<float>(top), static_cast<float>(top_share), lowest,
                  shares + first);
  }
}

}  // namespace UNSURPRISED_TARGET
