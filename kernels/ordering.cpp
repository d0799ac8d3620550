#include "ordering.h"

#include <algorithm>
#include <bit>
#include <memory>
#include <vector>

namespace unsurprised {

namespace {

struct Numbered {
  std::uint64_t key;
  std::int64_t place;
};

// Doubles as integers of the same order.
std::uint64_t ascending(double value) {
  constexpr std::uint64_t sign = std::uint64_t{1} << 63;
  const auto bits = std::bit_cast<std::uint64_t>(value);
  return bits & sign ? ~bits : bits | sign;
}

std::uint64_t ascending(std::uint64_t value) {
  return value;
}

void insert_each(Numbered* items, std::int64_t count) {
  for (std::int64_t i = 1; i < count; ++i) {
    const Numbered item = items[i];
    std::int64_t at = i;
    for (; at > 0 && items[at - 1].key > item.key; --at) items[at] = items[at - 1];
    items[at] = item;
  }
}

// By the leading bits that tell keys apart keys come into boxes, a few into each; then each box is
// put in order, of keys that are close together by further bits, at least a few each time.
class Boxes {
 public:
  static constexpr std::int64_t few = 24;

  // item(i) is the i-th of some with a key; they go to `to`.
  template <class Item>
  void sort(std::int64_t count, Item item, Numbered* to) {
    std::uint64_t least = item(0).key, most = least;
    for (std::int64_t i = 1; i < count; ++i) {
      const std::uint64_t key = item(i).key;
      least = key < least ? key : least;
      most = key > most ? key : most;
    }
    const int drop = dropped(count, most - least);
    std::vector<std::int64_t> ends(static_cast<std::size_t>((most - least) >> drop) + 2);
    const auto box_of = [&](std::uint64_t key) {
      return static_cast<std::size_t>((key - least) >> drop);
    };
    for (std::int64_t i = 0; i < count; ++i) ++ends[box_of(item(i).key) + 1];
    for (std::size_t box = 1; box < ends.size(); ++box) ends[box] += ends[box - 1];
    for (std::int64_t i = 0; i < count; ++i) {  // leaves each end where the next box begins
      const Numbered one = item(i);
      to[ends[box_of(one.key)]++] = one;
    }
    if (drop == 0) return;
    std::int64_t at = 0;
    for (std::size_t box = 0; box + 1 < ends.size(); at = ends[box++])
      again(to + at, ends[box] - at);
  }

 private:
  static int dropped(std::int64_t count, std::uint64_t span) {
    constexpr int fewest_bits = 3, most_bits = 15, keys_a_box = 8;
    const int wanted = std::bit_width(static_cast<std::uint64_t>(count / keys_a_box));
    const int held = std::bit_width(span);
    return std::max(held - std::clamp(wanted, fewest_bits, most_bits), 0);
  }

  void again(Numbered* items, std::int64_t count) {
    if (count <= few) return insert_each(items, count);
    const std::vector<Numbered> held(items, items + count);
    sort(count, [&](std::int64_t i) { return held[static_cast<std::size_t>(i)]; }, items);
  }
};

template <class Number>
void order_of(const Number* numbers, std::int64_t count, std::int64_t* out) {
  if (count == 0) return;
  const std::unique_ptr<Numbered[]> items(new Numbered[static_cast<std::size_t>(count)]);
  const auto item = [&](std::int64_t i) { return Numbered{ascending(numbers[i]), i}; };
  Boxes().sort(count, item, items.get());
  for (std::int64_t i = 0; i < count; ++i) out[i] = items[static_cast<std::size_t>(i)].place;
}

}  // namespace

void order(const std::uint64_t* numbers, std::int64_t count, std::int64_t* out) {
  order_of(numbers, count, out);
}

void order(const double* numbers, std::int64_t count, std::int64_t* out) {
  order_of(numbers, count, out);
}

}  // namespace unsurprised
