#include "leaders.h"

namespace UNSURPRISED_TARGET {

namespace {

constexpr std::int64_t looked_at = 32 * lanes;

// The entries that lead so far, in order.
class Leading {
 public:
  Leading(std::int64_t count, std::int64_t* at, double* entries)
      : count_(count), at_(at), entries_(entries) {}

  // Whether an entry behind all of these would come in; of equal ones the first stays.
  bool takes(double entry) const { return held_ < count_ || entry > entries_[held_ - 1]; }

  void add(double entry, std::int64_t index) {
    std::int64_t place = held_ < count_ ? held_++ : count_ - 1;
    for (; place > 0 && entry > entries_[place - 1]; --place) {
      entries_[place] = entries_[place - 1];
      at_[place] = at_[place - 1];
    }
    entries_[place] = entry;
    at_[place] = index;
  }

 private:
  const std::int64_t count_;
  std::int64_t held_ = 0;
  std::int64_t* const at_;
  double* const entries_;
};

template <class T>
T largest(const T* entries, std::int64_t count) {
  constexpr int width = 4 * lanes;
  T top[width];
  for (int l = 0; l < width; ++l) top[l] = entries[0];
  std::int64_t i = 0;
  for (; i + width <= count; i += width)
    for (int l = 0; l < width; ++l) top[l] = entries[i + l] > top[l] ? entries[i + l] : top[l];
  for (; i < count; ++i) top[0] = entries[i] > top[0] ? entries[i] : top[0];
  for (int l = 1; l < width; ++l) top[0] = top[l] > top[0] ? top[l] : top[0];
  return top[0];
}

template <class T, class Load>
void look(const Side& side, std::int64_t row, Leading& leading, Load load) {
  const RowsView& view = side.view;
  const char* const from = view.row(row);
  alignas(64) T entries[looked_at];
  for (std::int64_t first = 0; first < view.classes; first += looked_at) {
    const std::int64_t held = view.classes - first < looked_at ? view.classes - first : looked_at;
    load(view, from + first * view.class_stride, held, entries);
    // Few runs hold an entry that leads, as their largest tells.
    if (!leading.takes(static_cast<double>(largest(entries, held)))) continue;
    for (std::int64_t i = 0; i < held; ++i) {
      const auto entry = static_cast<double>(entries[i]);
      if (leading.takes(entry)) leading.add(entry, first + i);
    }
  }
}

}  // namespace

void leaders(const Side& side, std::int64_t row, std::int64_t count, double top_surprisal,
             std::int64_t* at, double* found) {
  Leading leading(count, at, found);
  if (is_narrow(side.view.type))
    look<float>(side, row, leading, load_narrow_run);
  else
    look<double>(side, row, leading, load_run);
  if (side.form != Form::log) return;
  const double top = found[0];
  for (std::int64_t i = 0; i < count; ++i)
    found[i] = std::fma(top - found[i], bits_per_nat, top_surprisal);
}

}  // namespace UNSURPRISED_TARGET
