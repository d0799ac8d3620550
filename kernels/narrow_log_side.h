// Rows of scores that are no more than single precision, many classes: each is read along and once,
// and what follows from it is found for 16 rows at a time.
#pragma once

#include "narrow_log.h"
#include "sides.h"

namespace UNSURPRISED_TARGET {

// The place of the top is known only `with_place`; a score as high as the top is as likely, so that
// nothing but the place itself needs it.
struct NarrowLog : LogSide {
  NarrowLog(const Side& side, bool with_place)
      : view_(side.view),
        with_place_(with_place),
        tiles_(side.view, -infinity_narrow),
        careful_(side) {}

  int rows_at_once() const { return lanes; }
  void open(std::int64_t first, int count) {
    first_ = first;
    count_ = count;
  }
  double entry(std::int64_t at, int, std::int64_t index) const {
    return load_one(view_, at, index);
  }

  template <bool WithEntropy>
  void prepare();

  // The same in two steps: a row at a time, and what follows for all of them. Whether single
  // precision could tell the row is answered.
  template <bool WithEntropy>
  bool read(int l);
  template <bool WithEntropy>
  void conclude();

 private:
  void copy(int l, const Prepared& from, int k, const Lanes& spread);

  const RowsView& view_;
  const bool with_place_;
  Lanes spread_;
  LogTiles tiles_;
  Log careful_;
  std::int64_t first_ = 0;
  int count_ = 0;
};

}  // namespace UNSURPRISED_TARGET
