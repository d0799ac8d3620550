// A k-d tree whose leaves hold a few points each, in the order of the tree.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "lines.h"
#include "pool.h"

namespace unsurprised {

// The smallest distances that were met, in ascending order and, where they are few, in registers.
template <int Size>
class Smallest {
 public:
  explicit Smallest(std::int64_t wanted) : last_(static_cast<std::size_t>(wanted - 1)) {
    kept_.fill(std::numeric_limits<double>::infinity());
  }
  double worst() const { return kept_[last_]; }
  // A few are put in their places without a branch that could go wrong.
  void take(double distance) {
    if constexpr (Size > few)
      if (!(distance < worst())) return;
    for (std::size_t i = Size - 1; i > 0; --i)
      kept_[i] = std::min(std::max(kept_[i - 1], distance), kept_[i]);
    kept_[0] = std::min(kept_[0], distance);
  }

 private:
  static constexpr int few = 4;
  std::array<double, Size> kept_;
  std::size_t last_;
};

template <>
class Smallest<0> {
 public:
  explicit Smallest(std::int64_t wanted)
      : kept_(static_cast<std::size_t>(wanted), std::numeric_limits<double>::infinity()) {}
  double worst() const { return kept_.front(); }
  void take(double distance) {  // a heap, its largest in front
    if (!(distance < worst())) return;
    std::pop_heap(kept_.begin(), kept_.end());
    kept_.back() = distance;
    std::push_heap(kept_.begin(), kept_.end());
  }

 private:
  std::vector<double> kept_;
};

template <int D>
class Tree {
 public:
  using Point = std::array<double, D>;
  static constexpr std::int64_t fewest_in_leaf = 8, most_in_leaf = 16;

  // Coordinates of some rows, or of all where there are none; missing ones are 0, which no distance
  // shows.
  Tree(const double* values, int dimensions, const std::int32_t* rows, std::int64_t count,
       int threads)
      : count_(count), levels_(std::bit_width(static_cast<std::uint64_t>(count / fewest_in_leaf))) {
    levels_ = levels_ ? levels_ - 1 : 0;
    std::vector<Item> items(static_cast<std::size_t>(count));
    for (std::int64_t i = 0; i < count; ++i) {
      Item& item = items[static_cast<std::size_t>(i)];
      const std::int64_t row = rows ? rows[i] : i;
      item.row = static_cast<std::int32_t>(row);
      item.point.fill(0.0);
      std::copy_n(values + row * dimensions, dimensions, item.point.begin());
    }
    boxes_.resize(std::size_t{2} << levels_);
    const int together = std::min(levels_, 5);  // levels whose nodes are split one after the other
    for (int level = 0; level < together; ++level)
      in_parallel(std::int64_t{1} << level, threads,
                  [&](std::int64_t node) { split(items, (std::int64_t{1} << level) + node); });
    in_parallel(std::int64_t{1} << together, threads,
                [&](std::int64_t node) { split_all(items, (std::int64_t{1} << together) + node); });
    rows_.resize(items.size());
    for (auto& column : columns_) column.resize(items.size());
    for (std::size_t i = 0; i < items.size(); ++i) {
      rows_[i] = items[i].row;
      for (std::size_t d = 0; d < D; ++d) columns_[d][i] = items[i].point[d];
    }
  }

  std::int64_t size() const { return count_; }
  std::int64_t row(std::int64_t place) const { return rows_[static_cast<std::size_t>(place)]; }
  std::int64_t leaves() const { return std::int64_t{1} << levels_; }
  std::int64_t leaf_start(std::int64_t leaf) const { return (count_ * leaf) >> levels_; }

  // The distance of a place of a leaf to its k-th neighbour: own leaf first, then what stands
  // beside it on the way up, as long as that is close.
  template <int Size>
  double neighbour(std::int64_t leaf, std::int64_t place, std::int64_t k) const {
    const Point point = at(place);
    Smallest<Size> smallest(k + 1);  // the point itself is among them
    std::int64_t node = leaves() + leaf;
    scan(node, point, [&](double distance, std::int64_t) { smallest.take(distance); });
    for (; node > 1; node /= 2)
      if (nearest(node ^ 1, point) < smallest.worst()) descend(node ^ 1, point, smallest);
    return smallest.worst();
  }

  // The distance of any point to its k-th neighbour among the tree's, of which there are enough.
  template <int Size>
  double nearest_of(const Point& point, std::int64_t k) const {
    Smallest<Size> smallest(k);
    descend(1, point, smallest);
    return smallest.worst();
  }

  // How many points, the one at the place itself among them, are within a radius.
  std::int64_t count(std::int64_t place, Within within) const {
    return count_in(1, at(place), within);
  }

  // Calls body(place) for each that is at most a radius away.
  template <class Body>
  void for_within(std::int64_t place, double radius, Body body) const {
    visit(1, at(place), radius, body);
  }

  double distance(std::int64_t place, std::int64_t other, int from, int to) const {
    double found = 0.0;
    for (int d = from; d < to; ++d) {
      const auto& column = columns_[static_cast<std::size_t>(d)];
      found = std::max(found, std::fabs(column[static_cast<std::size_t>(place)] -
                                        column[static_cast<std::size_t>(other)]));
    }
    return found;
  }

 private:
  struct Item {
    Point point;
    std::int32_t row;
  };
  struct Box {
    Point low, high;
  };

  std::int64_t start(std::int64_t node) const {
    const int level = std::bit_width(static_cast<std::uint64_t>(node)) - 1;
    return (count_ * (node - (std::int64_t{1} << level))) >> level;
  }
  std::int64_t end(std::int64_t node) const {
    const int level = std::bit_width(static_cast<std::uint64_t>(node)) - 1;
    return (count_ * (node + 1 - (std::int64_t{1} << level))) >> level;
  }
  const Box& box(std::int64_t node) const { return boxes_[static_cast<std::size_t>(node)]; }

  // The box of a node, and its points halved along the longest side of it.
  void split(std::vector<Item>& items, std::int64_t node) {
    Box found{items[static_cast<std::size_t>(start(node))].point,
              items[static_cast<std::size_t>(start(node))].point};
    const auto begin = items.begin() + start(node), stop = items.begin() + end(node);
    for (auto item = begin; item != stop; ++item)
      for (std::size_t d = 0; d < D; ++d) {
        found.low[d] = std::min(found.low[d], item->point[d]);
        found.high[d] = std::max(found.high[d], item->point[d]);
      }
    boxes_[static_cast<std::size_t>(node)] = found;
    if (node >= leaves()) return;
    std::size_t side = 0;
    for (std::size_t d = 1; d < D; ++d)
      if (found.high[d] - found.low[d] > found.high[side] - found.low[side]) side = d;
    std::nth_element(begin, items.begin() + start(2 * node + 1), stop,
                     [&](const Item& a, const Item& b) { return a.point[side] < b.point[side]; });
  }

  void split_all(std::vector<Item>& items, std::int64_t node) {
    split(items, node);
    if (node >= leaves()) return;
    split_all(items, 2 * node);
    split_all(items, 2 * node + 1);
  }

  Point at(std::int64_t place) const {
    Point point;
    for (std::size_t d = 0; d < D; ++d) point[d] = columns_[d][static_cast<std::size_t>(place)];
    return point;
  }

  double nearest(std::int64_t node, const Point& point) const {
    const Box& found = box(node);
    double distance = 0.0;
    for (std::size_t d = 0; d < D; ++d)
      distance = std::max(distance, std::max(found.low[d] - point[d], point[d] - found.high[d]));
    return distance;
  }

  double furthest(std::int64_t node, const Point& point) const {
    const Box& found = box(node);
    double distance = 0.0;
    for (std::size_t d = 0; d < D; ++d)
      distance = std::max(distance, std::max(point[d] - found.low[d], found.high[d] - point[d]));
    return distance;
  }

  // Calls body(distance, place) for each point of a leaf.
  template <class Body>
  void scan(std::int64_t leaf, const Point& point, Body body) const {
    const std::int64_t first = start(leaf), many = end(leaf) - first;
    double distances[most_in_leaf];
    for (std::int64_t i = 0; i < many; ++i) distances[i] = 0.0;
    for (std::size_t d = 0; d < D; ++d) {
      const double* column = columns_[d].data() + first;
      for (std::int64_t i = 0; i < many; ++i)
        distances[i] = std::max(distances[i], std::fabs(column[i] - point[d]));
    }
    for (std::int64_t i = 0; i < many; ++i) body(distances[i], first + i);
  }

  template <class Kept>
  void descend(std::int64_t node, const Point& point, Kept& kept) const {
    if (node >= leaves()) {
      scan(node, point, [&](double distance, std::int64_t) { kept.take(distance); });
      return;
    }
    std::int64_t first = 2 * node, second = first + 1;
    double close = nearest(first, point), far = nearest(second, point);
    if (far < close) {
      std::swap(first, second);
      std::swap(close, far);
    }
    if (close < kept.worst()) descend(first, point, kept);
    if (far < kept.worst()) descend(second, point, kept);
  }

  std::int64_t count_in(std::int64_t node, const Point& point, Within within) const {
    if (!within(nearest(node, point))) return 0;
    if (within(furthest(node, point))) return end(node) - start(node);
    if (node < leaves())
      return count_in(2 * node, point, within) + count_in(2 * node + 1, point, within);
    std::int64_t found = 0;
    scan(node, point, [&](double distance, std::int64_t) { found += within(distance); });
    return found;
  }

  template <class Body>
  void visit(std::int64_t node, const Point& point, double radius, Body& body) const {
    if (nearest(node, point) > radius) return;
    if (node < leaves()) {
      visit(2 * node, point, radius, body);
      visit(2 * node + 1, point, radius, body);
      return;
    }
    scan(node, point, [&](double distance, std::int64_t place) {
      if (distance <= radius) body(place);
    });
  }

  std::int64_t count_;
  int levels_;
  std::vector<Box> boxes_;  // from 1 on; the children of i are 2i and 2i + 1
  std::vector<std::int32_t> rows_;
  std::array<std::vector<double>, D> columns_;
};

}  // namespace unsurprised
