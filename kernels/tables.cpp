// The loops over rows that compare and count; the extension itself is compiled for size, not for
// speed.
#include "tables.h"

#include <bit>
#include <vector>

#include "hashing.h"

namespace unsurprised {

void agree(const std::int64_t* labels, const std::int32_t* others, std::int64_t count, bool* out) {
  for (std::int64_t i = 0; i < count; ++i) out[i] = labels[i] == others[i];
}

void hash_columns(const std::vector<RowBytes>& columns, std::int64_t rows, std::uint64_t* out) {
  // A byte waits for the one before; those of several rows do not.
  constexpr std::int64_t abreast = 8;
  for (std::int64_t row = 0; row < rows; row += abreast) {
    const std::int64_t held = rows - row < abreast ? rows - row : abreast;
    std::uint64_t hashes[abreast];
    const char* from[abreast];
    for (std::uint64_t& hash : hashes) hash = no_bytes;
    for (const RowBytes& column : columns) {
      for (std::int64_t r = 0; r < abreast; ++r)
        from[r] = column.data + (row + (r < held ? r : 0)) * column.stride;
      for (std::int64_t b = 0; b < column.width; ++b)
        for (std::int64_t r = 0; r < abreast; ++r) hashes[r] = with_byte(hashes[r], from[r][b]);
    }
    for (std::int64_t r = 0; r < held; ++r) out[row + r] = mix(hashes[r]);
  }
}

void pool_adjacent_violators(const double* values, const double* weights, std::int64_t count,
                             double* out) {
  struct Block {
    double sum, weight, mean;
    std::int64_t end;
  };
  std::vector<Block> blocks;
  for (std::int64_t i = 0; i < count;) {
    // Of a row alone the mean is the value itself, whatever rounding makes of product and quotient.
    Block last{weights[i] * values[i], weights[i], values[i], i + 1};
    // Neighbours of the same value end up in the same block.
    for (++i; i < count && values[i] == last.mean; last.end = ++i) {
      last.sum += weights[i] * values[i];
      last.weight += weights[i];
    }
    while (!blocks.empty() && blocks.back().mean >= last.mean) {
      const Block& before = blocks.back();
      const bool same = before.mean == last.mean;
      last.sum += before.sum;
      last.weight += before.weight;
      if (!same) last.mean = last.sum / last.weight;
      blocks.pop_back();
    }
    blocks.push_back(last);
  }
  std::int64_t i = 0;
  for (const Block& block : blocks)
    while (i < block.end) out[i++] = block.mean;
}

template <class Major, class Minor>
void count_pairs(Tally& tally, const Major* major, const Minor* minor, std::int64_t count,
                 std::int64_t modulus, std::int64_t width) {
  const auto uppers = static_cast<std::uint64_t>(tally.size() / width);
  const auto lowers = static_cast<std::uint64_t>(width);
  const auto divisor = static_cast<std::uint64_t>(modulus);
  const bool masks = std::has_single_bit(divisor);  // a division takes longer than all the rest
  const auto count_all = [&](auto upper_of) {
    for (std::int64_t i = 0; i < count; ++i) {
      const std::uint64_t upper = upper_of(static_cast<std::uint64_t>(major[i]));
      const auto lower = static_cast<std::uint64_t>(minor[i]);  // of a negative one: very large
      if (upper >= uppers || lower >= lowers)
        throw std::invalid_argument("a key outside the table");
      tally.count(static_cast<std::int64_t>(upper * lowers + lower));
    }
  };
  if (masks) return count_all([&](std::uint64_t given) { return given & (divisor - 1); });
  if (modulus) return count_all([&](std::uint64_t given) { return given % divisor; });
  count_all([](std::uint64_t given) { return given; });
}

template void count_pairs(Tally&, const std::uint64_t*, const std::int64_t*, std::int64_t,
                          std::int64_t, std::int64_t);
template void count_pairs(Tally&, const std::int64_t*, const std::int32_t*, std::int64_t,
                          std::int64_t, std::int64_t);

void count_leading_bits(Tally& tally, const double* values, std::int64_t count, int dropped_bits) {
  for (std::int64_t i = 0; i < count; ++i) {
    if (!(values[i] < std::numeric_limits<double>::infinity())) continue;
    // Adding 0 takes the sign from −0.
    const auto key = std::bit_cast<std::uint64_t>(values[i] + 0.0) >> dropped_bits;
    if (key >= static_cast<std::uint64_t>(tally.size()))
      throw std::invalid_argument("a key outside the table");
    tally.count(static_cast<std::int64_t>(key));
  }
}

}  // namespace unsurprised
