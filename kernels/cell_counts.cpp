#include "cell_counts.h"

#include <algorithm>
#include <mutex>
#include <stdexcept>
#include <vector>

#include "pool.h"

namespace unsurprised {

namespace {

// Rows that are worth a thread, and the most that a count of 32 bits holds.
constexpr std::int64_t least_rows = std::int64_t{1} << 18, most_rows = std::int64_t{1} << 31;
// Up to so many cells neighbouring rows count in two tables: a count that was just stored takes
// long to be read again.
constexpr std::int64_t few_cells = std::int64_t{1} << 14;

template <class X, class Y>
struct Pairs {
  const X* x;
  const Y* y;
  X x_least;
  Y y_least;
  std::uint64_t x_size, y_size;

  std::size_t cell(std::int64_t row) const {
    const auto i = static_cast<std::uint64_t>(static_cast<X>(x[row] - x_least));
    const auto k = static_cast<std::uint64_t>(static_cast<Y>(y[row] - y_least));
    if (i >= x_size || k >= y_size) throw std::invalid_argument("a number outside its column");
    return static_cast<std::size_t>(i * y_size + k);
  }
};

template <class X, class Y>
void count_some(const Pairs<X, Y>& pairs, std::int64_t begin, std::int64_t end, std::size_t cells,
                std::vector<std::uint32_t>& counts) {
  std::uint32_t* const one = counts.data();
  std::uint32_t* const other = one + (counts.size() - cells);
  std::int64_t row = begin;
  for (; row + 1 < end; row += 2) {
    ++one[pairs.cell(row)];
    ++other[pairs.cell(row + 1)];
  }
  if (row < end) ++one[pairs.cell(row)];
}

template <class X, class Y>
void count_all(const Codes& first, const Codes& second, std::int64_t rows, int threads,
               std::int64_t* out) {
  const Pairs<X, Y> pairs{static_cast<const X*>(first.values),
                          static_cast<const Y*>(second.values),
                          static_cast<X>(first.least),
                          static_cast<Y>(second.least),
                          static_cast<std::uint64_t>(first.size),
                          static_cast<std::uint64_t>(second.size)};
  const std::int64_t cells = first.size * second.size;
  const std::int64_t tables = cells <= few_cells ? 2 : 1;
  const std::int64_t wanted = std::min<std::int64_t>(std::max(threads, 1), rows / least_rows + 1);
  const std::int64_t chunks = std::max(wanted, rows / most_rows + 1);
  std::mutex alone;
  in_parallel(chunks, threads, [&](std::int64_t chunk) {
    const auto begin_of = [&](std::int64_t number) {
      return rows / chunks * number + std::min(number, rows % chunks);
    };
    std::vector<std::uint32_t> counts(static_cast<std::size_t>(cells * tables));
    const auto size = static_cast<std::size_t>(cells);
    count_some(pairs, begin_of(chunk), begin_of(chunk + 1), size, counts);
    const std::lock_guard<std::mutex> held(alone);
    for (std::size_t i = 0; i < counts.size(); ++i) out[i % size] += counts[i];
  });
}

template <class X>
void count_second(const Codes& first, const Codes& second, std::int64_t rows, int threads,
                  std::int64_t* out) {
  switch (second.width) {
    case 1:
      return count_all<X, std::uint8_t>(first, second, rows, threads, out);
    case 2:
      return count_all<X, std::uint16_t>(first, second, rows, threads, out);
    case 4:
      return count_all<X, std::uint32_t>(first, second, rows, threads, out);
    case 8:
      return count_all<X, std::uint64_t>(first, second, rows, threads, out);
    default:
      throw std::invalid_argument("integers of another width");
  }
}

}  // namespace

void count_cells(const Codes& first, const Codes& second, std::int64_t rows, int threads,
                 std::int64_t* counts) {
  switch (first.width) {
    case 1:
      return count_second<std::uint8_t>(first, second, rows, threads, counts);
    case 2:
      return count_second<std::uint16_t>(first, second, rows, threads, counts);
    case 4:
      return count_second<std::uint32_t>(first, second, rows, threads, counts);
    case 8:
      return count_second<std::uint64_t>(first, second, rows, threads, counts);
    default:
      throw std::invalid_argument("integers of another width");
  }
}

}  // namespace unsurprised
