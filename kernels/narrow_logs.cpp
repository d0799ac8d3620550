// Log scores of at most single precision, many classes: single rows.
#include "narrow_log_side.h"
#include "ways.h"

namespace UNSURPRISED_TARGET {

void NarrowLog::copy(int l, const Prepared& from, int k, const Lanes& spread) {
  row.top[l] = from.top[k];
  row.top_at[l] = from.top_at[k];
  row.rest[l] = from.rest[k];
  row.bad[l] = from.bad[k];
  spread_[l] = spread[k];
}

template <bool WithEntropy>
bool NarrowLog::read(int l) {
  const Scan found = scan<WithEntropy>(view_, tiles_, view_.row(first_ + l), with_place_);
  row.top[l] = found.top;
  row.top_at[l] = with_place_ ? found.top_at : -1.0;
  row.rest[l] = found.rest;
  row.bad[l] = 0.0;
  spread_[l] = found.spread;
  if (found.told) return true;
  Lanes of_one;
  careful_.open(first_ + l, 1);
  careful_.find_rest<WithEntropy>(of_one);
  copy(l, careful_.row, 0, of_one);
  return false;
}

template <bool WithEntropy>
void NarrowLog::conclude() {
  for (int l = count_; l < lanes; ++l) copy(l, row, 0, spread_);
  finish<WithEntropy>(spread_);
}

template <bool WithEntropy>
void NarrowLog::prepare() {
  for (int l = 0; l < count_; ++l) read<WithEntropy>(l);
  conclude<WithEntropy>();
}

template void NarrowLog::prepare<false>();
template void NarrowLog::prepare<true>();
template bool NarrowLog::read<true>(int);
template void NarrowLog::conclude<true>();

}  // namespace UNSURPRISED_TARGET
