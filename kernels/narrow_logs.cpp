// Log scores of at most single precision, many classes: single rows.
#include "narrow_log_side.h"
#include "ways.h"

namespace UNSURPRISED_TARGET {

namespace {

void copy(Prepared& to, int l, const Prepared& from, int k, Lanes& spread, const Lanes& other) {
  to.top[l] = from.top[k];
  to.top_at[l] = from.top_at[k];
  to.rest[l] = from.rest[k];
  to.bad[l] = from.bad[k];
  spread[l] = other[k];
}

}  // namespace

template <bool WithEntropy>
void NarrowLog::prepare() {
  Lanes spread;
  for (int l = 0; l < lanes; ++l) {
    if (l >= count_) {
      copy(row, l, row, 0, spread, spread);
      continue;
    }
    const Scan found = scan<WithEntropy>(view_, tiles_, view_.row(first_ + l), with_place_);
    row.top[l] = found.top;
    row.top_at[l] = with_place_ ? found.top_at : -1.0;
    row.rest[l] = found.rest;
    row.bad[l] = 0.0;
    spread[l] = found.spread;
    if (found.told) continue;
    Lanes of_one;
    careful_.open(first_ + l, 1);
    careful_.find_rest<WithEntropy>(of_one);
    copy(row, l, careful_.row, 0, spread, of_one);
  }
  finish<WithEntropy>(spread);
}

template void NarrowLog::prepare<false>();
template void NarrowLog::prepare<true>();

}  // namespace UNSURPRISED_TARGET
