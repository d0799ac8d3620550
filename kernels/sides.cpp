// How sides are loaded and prepared, a block at a time, for whichever operation asks.
#include "checks.h"

namespace UNSURPRISED_TARGET {

void Block::open(std::int64_t row, int count) {
  row_ = view_.row(row);
  tile_ = across ? 0 : -1;
  if (across) load_across(row, count);
}

void Block::load_across(std::int64_t row, int count) {
  if (count < lanes)
    for (std::int64_t i = 0; i < steps * lanes; ++i) buffer_[i] = neutral_;
  // Rows that lie side by side are widened in one go, then turned.
  const std::int64_t pitch = steps * view_.class_stride;
  const bool dense = count == lanes && view_.row(row + lanes - 1) - row_ == (lanes - 1) * pitch;
  if (dense && view_.dimensions == 1) {
    load_run(view_, row_, steps * lanes, flat_);
    for (int l = 0; l < lanes; ++l)
      for (std::int64_t s = 0; s < steps; ++s) buffer_[s * lanes + l] = flat_[l * steps + s];
    return;
  }
  for (int l = 0; l < count; ++l) {
    load_run(view_, view_.row(row + l), steps, flat_);
    for (std::int64_t s = 0; s < steps; ++s) buffer_[s * lanes + l] = flat_[s];
  }
}

void Block::load_tile(std::int64_t tile) {
  tile_ = tile;
  const std::int64_t first = tile * tile_steps * lanes;
  const std::int64_t left = view_.classes - first;
  const std::int64_t count = left < tile_steps * lanes ? left : tile_steps * lanes;
  load_run(view_, row_ + first * view_.class_stride, count, buffer_);
  for (std::int64_t i = count; i % lanes; ++i) buffer_[i] = neutral_;
}

Lanes Sum::total(bool across) const {
  Lanes result;
  for (int l = 0; l < lanes; ++l) {
    // An infinite sum leaves NaN in what was lost.
    const bool finite = sum_[l] - sum_[l] == 0.0;
    result[l] = finite ? sum_[l] + lost_[l] : sum_[l];
  }
  if (across) return result;
  for (int width = lanes / 2; width; width /= 2)
    for (int l = 0; l < width; ++l) result[l] += result[l + width];
  return all(result[0]);
}

Lanes any(const Lanes& flags, bool across) {
  if (across) return flags;
  double found = 0.0;
  for (int l = 0; l < lanes; ++l) found = flags[l] != 0.0 ? 1.0 : found;
  return all(found);
}

namespace {

// The first of the largest lanes, in all of them.
void join_tops(const Block& block, Lanes& top, Lanes& top_at) {
  double best = top[0], best_at = top_at[0];
  for (int l = 1; l < lanes; ++l) {
    const bool better = top[l] > best || (top[l] == best && top_at[l] < best_at);
    best_at = better ? top_at[l] : best_at;
    best = better ? top[l] : best;
  }
  top = all(best);
  // In a row that is negative throughout, which is reported, the padding is on top.
  top_at = all(best_at < block.class_count() ? best_at : 0.0);
}

template <class Legal>
void find_top(Block& block, Prepared& row, Legal legal) {
  Lanes top = all(-infinity), top_at = all(0.0), bad = all(0.0);
  for (std::int64_t from = 0; from < block.steps; from += Block::run) {
    const double* x = block.run_from(from);
    double first_class = block.first_class(from);
    for (std::int64_t s = block.run_length(from); s > 0; --s, x += lanes) {
      for (int l = 0; l < lanes; ++l) {
        bad[l] = legal(x[l]) ? bad[l] : 1.0;
        const bool higher = x[l] > top[l];
        top_at[l] = higher ? first_class : top_at[l];
        top[l] = higher ? x[l] : top[l];
      }
      first_class += block.classes_a_step();
    }
  }
  for (int l = 0; l < lanes; ++l) top_at[l] += block.beyond_first[l];
  if (!block.across) join_tops(block, top, top_at);
  row.top = top;
  row.top_at = top_at;
  for (int l = 0; l < lanes; ++l) row.top_step[l] = top_at[l] - block.beyond_first[l];
  row.bad = any(bad, block.across);
}

}  // namespace

template <bool WithEntropy>
void Mass::prepare() {
  // An infinite entry is found by its sum.
  find_top(block, row, [](double x) { return x >= 0.0; });
  for (int l = 0; l < lanes; ++l) {
    exponent[l] = parts_of(row.top[l]).exponent;
    const double back = -exponent[l];
    scale[l] = power_of_two(back < -1000.0 ? -1000.0 : back > 1000.0 ? 1000.0 : back);
    row.top[l] *= scale[l];
  }
  Sum sums[2];
  sum_runs(block, sums, [&](std::int64_t from, std::int64_t length, Lanes(&parts)[2]) {
    const double* x = block.run_from(from);
    double first_class = block.first_class(from);
    for (std::int64_t s = 0; s < length; ++s, x += lanes) {
      for (int l = 0; l < lanes; ++l) {
        const bool is_top = first_class == row.top_step[l];
        const double p = is_top ? 0.0 : weight(x[l], l);
        parts[0][l] += p;
        // For p = 0 the logarithm is finite, and a factor of 0 makes it nothing.
        if constexpr (WithEntropy) parts[1][l] -= p * scaled_log2(x[l], exponent[l]);
      }
      first_class += block.classes_a_step();
    }
  });
  row.rest = sums[0].total(block.across);
  const Lanes spread = sums[1].total(block.across);
  for (int l = 0; l < lanes; ++l) {
    row.norm[l] = row.top[l] + row.rest[l];
    row.total[l] = row.norm[l] / scale[l];
    row.empty[l] = row.norm[l] > 0.0 ? 0.0 : 1.0;
    row.bad[l] = row.total[l] < infinity ? row.bad[l] : 1.0;
    row.top_surprisal[l] = log2_1p(row.rest[l] / row.top[l]);
    log_norm[l] = scaled_log2(row.norm[l], parts_of(row.top[l]).exponent);
    if constexpr (WithEntropy)
      row.entropy[l] =
          (std::fma(row.rest[l], log_norm[l], spread[l]) + row.top[l] * row.top_surprisal[l]) /
          row.norm[l];
  }
}

template void Mass::prepare<false>();
template void Mass::prepare<true>();

template <bool WithEntropy>
void LogSide::finish(const Lanes& spread) {
  for (int l = 0; l < lanes; ++l) {
    row.norm[l] = 1.0 + row.rest[l];
    const double top = row.top[l] < 700.0 ? row.top[l] : 700.0;
    row.total[l] = exp(top) * row.norm[l];
    row.empty[l] = row.top[l] == -infinity ? 1.0 : 0.0;
    row.top_surprisal[l] = log2_1p(row.rest[l]);
    if constexpr (WithEntropy)
      row.entropy[l] = std::fma(spread[l] / row.norm[l], bits_per_nat, row.top_surprisal[l]);
  }
}

template void LogSide::finish<false>(const Lanes&);
template void LogSide::finish<true>(const Lanes&);

template <bool WithEntropy>
void Log::find_rest(Lanes& spread) {
  find_top(block, row, [](double x) { return x < infinity; });
  Sum sums[2];
  sum_runs(block, sums, [&](std::int64_t from, std::int64_t length, Lanes(&parts)[2]) {
    const double* x = block.run_from(from);
    double first_class = block.first_class(from);
    for (std::int64_t s = 0; s < length; ++s, x += lanes) {
      for (int l = 0; l < lanes; ++l) {
        const bool is_top = first_class == row.top_step[l];
        const double weight = exp(x[l] - row.top[l]);
        const double e = is_top ? 0.0 : weight;
        parts[0][l] += e;
        if constexpr (WithEntropy) {
          const double gap = row.top[l] - x[l];
          parts[1][l] += e * (e > 0.0 ? gap : 0.0);
        }
      }
      first_class += block.classes_a_step();
    }
  });
  row.rest = sums[0].total(block.across);
  spread = sums[1].total(block.across);
}

template void Log::find_rest<false>(Lanes&);
template void Log::find_rest<true>(Lanes&);

template <bool WithEntropy>
void Log::prepare() {
  Lanes spread;
  find_rest<WithEntropy>(spread);
  finish<WithEntropy>(spread);
}

template void Log::prepare<false>();
template void Log::prepare<true>();

namespace {

// Notes what is wrong with some rows of a block.
void note_faults(const Side& side, const Prepared& row, const Lanes& deviation, std::int64_t first,
                 int count, Findings& findings) {
  for (int l = 0; l < count; ++l) {
    if (row.bad[l] != 0.0)
      findings.note(first + l, Fault::bad_entry);
    else if (row.empty[l] != 0.0)
      findings.note(first + l, Fault::no_mass);
    else
      note_deviation(side, deviation[l], first + l, findings);
  }
}

}  // namespace

// Looks at all lanes at once; rows are told apart only where something is to be noted.
void check(const Side& side, const Prepared& row, std::int64_t first, int count,
           Findings& findings) {
  Lanes deviation, notable;
  for (int l = 0; l < lanes; ++l) {
    deviation[l] = side.checks_sum ? std::fabs(row.total[l] - 1.0) : 0.0;
    const bool fine =
        row.bad[l] == 0.0 && row.empty[l] == 0.0 && deviation[l] <= findings.largest_deviation;
    notable[l] = fine ? 0.0 : 1.0;
  }
  if (any(notable, false)[0] != 0.0) note_faults(side, row, deviation, first, count, findings);
}

}  // namespace UNSURPRISED_TARGET
