// The states' bytes, also those that no state wrote: they are refused, or are a state that writes
// the same bytes again.
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "check.h"
#include "hashing.h"
#include "tables.h"

namespace {

using checks::any_values;
using checks::Random;
using unsurprised::ExactTable;
using unsurprised::Tally;

constexpr double largest = std::numeric_limits<double>::max();

ExactTable any_table(Random& random, std::int64_t size) {
  ExactTable table(size);
  for (std::int64_t i = 0; i < size; ++i)
    if (random.below(3))
      for (const double x : any_values(random, random.below(9))) table.slot(i).add(x);
  return table;
}

ExactTable read_table(const std::string& bytes, std::int64_t size) {
  // Exactly as long as the bytes, so that a sanitizer sees a read past their end.
  const std::vector<char> copy(bytes.begin(), bytes.end());
  return ExactTable::from_bytes(copy.data(), copy.size(), size);
}

Tally read_tally(const std::string& bytes, std::int64_t size) {
  const std::vector<char> copy(bytes.begin(), bytes.end());
  return Tally::from_bytes(copy.data(), copy.size(), size);
}

// Cut and altered bytes throw, or are a state that writes those same bytes.
void test_hostile(const std::string& bytes, Random& random,
                  const std::function<std::string(const std::string&)>& again) {
  CHECK(again(bytes) == bytes, bytes.size());
  auto see = [&](const std::string& altered) {
    try {
      CHECK(again(altered) == altered, altered.size());
    } catch (const std::invalid_argument&) {
    }
  };
  for (std::size_t size = 0; size < bytes.size(); ++size) see(bytes.substr(0, size));
  for (int i = 0; i < 3000; ++i) {
    std::string altered = bytes;
    for (std::int64_t k = random.below(4); k >= 0; --k)
      altered[static_cast<std::size_t>(random.below(static_cast<std::int64_t>(bytes.size())))] =
          static_cast<char>(random.below(3) ? random.below(256) : 255 * random.below(2));
    see(altered);
  }
}

std::string table_bytes(std::uint64_t size, std::uint64_t slot, int negative, int first,
                        const std::vector<std::uint32_t>& digits) {
  unsurprised::Writer out;
  out.put<std::uint64_t>(size);
  out.put<std::uint64_t>(slot);
  out.put<std::uint8_t>(static_cast<std::uint8_t>(negative));
  out.put<std::uint8_t>(static_cast<std::uint8_t>(first));
  out.put<std::uint8_t>(static_cast<std::uint8_t>(digits.size()));
  for (const std::uint32_t digit : digits) out.put<std::uint32_t>(digit);
  return out.take();
}

void test_tables() {
  Random random(5);
  for (int trial = 0; trial < 10; ++trial) {
    const ExactTable a = any_table(random, 7), b = any_table(random, 7);
    ExactTable ab = read_table(a.to_bytes(), 7), ba = read_table(b.to_bytes(), 7);
    ab.merge(b);
    ba.merge(a);
    CHECK(ab.to_bytes() == ba.to_bytes(), trial);
    test_hostile(ab.to_bytes(), random,
                 [](const std::string& bytes) { return read_table(bytes, 7).to_bytes(); });
  }
  ExactTable other(6);
  CHECK_THROWS(std::invalid_argument, other.merge(ExactTable(7)));
  CHECK_THROWS(std::invalid_argument, read_table(ExactTable(7).to_bytes(), 6));
  CHECK_THROWS(std::invalid_argument, ExactTable(-1));
  CHECK(read_table(ExactTable(0).to_bytes(), 0).size() == 0, "no slots");
}

void test_hostile_digits() {
  const std::vector<std::uint32_t> three = {1, 0, 5};
  CHECK(read_table(table_bytes(2, 1, 0, 0, three), 2).slot(1).digits().digits == three, "legal");
  const std::vector<std::uint32_t> longest(68, 0xffffffff);
  for (const int negative : {0, 1}) {  // as long as a sum can be: it rounds, merges and is written
    const std::string bytes = table_bytes(2, 0, negative, 0, longest);
    ExactTable table = read_table(bytes, 2);
    CHECK(std::isinf(table.slot(0).rounded()), negative);
    CHECK(table.to_bytes() == bytes, negative);
    table.merge(read_table(bytes, 2));
    table.slot(0).add(negative ? -largest : largest);
    CHECK(table.slot(0).digits().digits.size() == 69, negative);
    CHECK(std::isinf(table.slot(0).rounded()), negative);
  }
  const std::string refused[] = {
      table_bytes(2, 2, 0, 0, three),                               // a slot too far
      table_bytes(2, ~std::uint64_t{0}, 0, 0, three),               // a negative slot
      table_bytes(2, 0, 2, 0, three),                               // an unknown sign
      table_bytes(2, 0, 0, 0, {}),                                  // a zero
      table_bytes(2, 0, 0, 0, {0, 1}),                              // not trimmed below
      table_bytes(2, 0, 0, 0, {1, 0}),                              // not trimmed above
      table_bytes(2, 0, 0, 255, three),                             // far above any sum
      table_bytes(2, 0, 0, 66, three),                              // just above any sum
      table_bytes(2, 0, 0, 1, longest),                             // the same, all long
      table_bytes(2, 0, 0, 0, std::vector<std::uint32_t>(255, 1)),  // too long
      table_bytes(2, 1, 0, 0, three) + table_bytes(2, 0, 0, 0, three).substr(8),  // out of order
      table_bytes(2, 1, 0, 0, three) + table_bytes(2, 1, 0, 0, three).substr(8),  // twice
  };
  for (const std::string& bytes : refused)
    CHECK_THROWS(std::invalid_argument, read_table(bytes, 2));
}

std::string tally_bytes(std::uint64_t size, const std::vector<std::uint64_t>& words) {
  unsurprised::Writer out;
  out.put<std::uint64_t>(size);
  for (const std::uint64_t word : words) out.put<std::uint64_t>(word);
  return out.take();
}

void test_tallies() {
  Random random(6);
  Tally a(50), b(50);
  for (int i = 0; i < 100; ++i) (i % 2 ? a : b).add(random.below(50), 1 + random.below(1000));
  Tally ab = read_tally(a.to_bytes(), 50), ba = read_tally(b.to_bytes(), 50);
  ab.merge(b);
  ba.merge(a);
  CHECK(ab.to_bytes() == ba.to_bytes(), "merged");
  for (int key = 0; key < 50; ++key)
    CHECK(ab.counts()[key] == a.counts()[key] + b.counts()[key], key);
  test_hostile(ab.to_bytes(), random,
               [](const std::string& bytes) { return read_tally(bytes, 50).to_bytes(); });

  for (const std::int64_t key : {std::int64_t{-1}, std::int64_t{50}, INT64_MIN, INT64_MAX})
    CHECK_THROWS(std::invalid_argument, a.add(key));
  CHECK_THROWS(std::invalid_argument, a.merge(Tally(51)));
  CHECK_THROWS(std::invalid_argument, Tally(-1));
  CHECK(Tally(0).to_bytes() == tally_bytes(0, {}), "no keys");

  constexpr auto most = static_cast<std::uint64_t>(INT64_MAX);
  const std::string refused[] = {
      tally_bytes(4, {4, 1}),       tally_bytes(4, {most, 1}),
      tally_bytes(4, {~0ull, 1}),   tally_bytes(4, {0, 0}),
      tally_bytes(4, {0, ~0ull}),   tally_bytes(4, {1, 1, 0, 1}),
      tally_bytes(4, {1, 1, 1, 1}), tally_bytes(4, {0, 1, 2}),
      tally_bytes(5, {}),           tally_bytes(4, {0, 1u << 31, most, 5}),
  };
  for (const std::string& bytes : refused)
    CHECK_THROWS(std::invalid_argument, read_tally(bytes, 4));
  constexpr auto filled = static_cast<std::uint64_t>(Tally::most_counted);
  CHECK_THROWS(std::invalid_argument, read_tally(tally_bytes(4, {0, filled + 1}), 4));
  Tally full = read_tally(tally_bytes(4, {0, filled}), 4);
  CHECK(full.counts()[0] == Tally::most_counted, "as many as there can be");
  CHECK_THROWS(std::overflow_error, full.add(0));
  CHECK_THROWS(std::overflow_error, full.merge(read_tally(tally_bytes(4, {0, filled}), 4)));
  CHECK(full.counts()[0] == Tally::most_counted, "nothing was added");
}

// Pinned for ever: groups and samples of saved states hang on them.
void test_hashes() {
  using unsurprised::hash_bytes;
  using unsurprised::mix;
  // SplitMix64's published first outputs from the seed 0.
  CHECK(mix(0) == 0xe220a8397b1dcdaf, mix(0));
  CHECK(mix(0x9e3779b97f4a7c15) == 0x6e789e6aa1b965f4, mix(0x9e3779b97f4a7c15));
  // FNV-1a's published values for "" and "a", mixed.
  CHECK(hash_bytes("", 0) == mix(0xcbf29ce484222325), "empty");
  CHECK(hash_bytes("a", 1) == mix(0xaf63dc4c8601ec8c), "a");
  CHECK(hash_bytes("\xff", 1) == mix((0xcbf29ce484222325 ^ 0xff) * 0x100000001b3), "unsigned");
}

}  // namespace

int main() {
  test_tables();
  test_hostile_digits();
  test_tallies();
  test_hashes();
}
