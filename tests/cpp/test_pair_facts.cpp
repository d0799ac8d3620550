// All that is asked of pairs of rows at once: facts have the bytes that each side's own kernel
// gives, divergences agree with theirs, and neither instruction sets nor batches change a byte.
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <utility>
#include <vector>

#include "check.h"
#include "hard_rows.h"
#include "layouts.h"
#include "operations.h"
#include "targets.h"

namespace {

using hard_rows::Kind;
using hard_rows::Which;
using unsurprised::Findings;
using unsurprised::Form;
using unsurprised::Operation;
using unsurprised::PairRequest;
using unsurprised::Request;
using unsurprised::Side;
using unsurprised::Target;
using unsurprised::Type;

constexpr double not_filled = -7.0;

struct Facts {
  std::vector<double> values, entropies, top_surprisals;
  std::vector<std::int32_t> tops;

  explicit Facts(std::size_t rows)
      : values(rows, not_filled), entropies(values), top_surprisals(values), tops(rows, -7) {}

  Request request(const Side& side, const std::vector<std::int64_t>& labels) {
    return {Operation::facts,
            &side,
            nullptr,
            labels.data(),
            1.0,
            values.data(),
            entropies.data(),
            top_surprisals.data(),
            tops.data()};
  }
};

struct Answer {
  Facts p, q;
  std::vector<double> kl, reverse, js, variation;
  Findings findings[2];

  explicit Answer(std::size_t rows)
      : p(rows), q(rows), kl(rows, not_filled), reverse(kl), js(kl), variation(kl) {}
};

struct Question {
  Side p, q;
  std::vector<std::int64_t> labels;

  Answer ask(const Target& target, std::int64_t batch) const {
    const auto rows = static_cast<std::int64_t>(labels.size());
    Answer found(labels.size());
    const PairRequest request{found.p.request(p, labels),
                              found.q.request(q, labels),
                              found.kl.data(),
                              found.reverse.data(),
                              found.js.data(),
                              found.variation.data()};
    for (std::int64_t from = 0; from < rows; from += batch)
      target.pair_facts(request, from, std::min(rows, from + batch), found.findings);
    return found;
  }

  // By a kernel for each.
  Answer ask_separately(const Target& target) const {
    const auto rows = static_cast<std::int64_t>(labels.size());
    Answer found(labels.size());
    target.run(found.p.request(p, labels), 0, rows, found.findings);
    target.run(found.q.request(q, labels), 0, rows, found.findings + 1);
    const auto measure = [&](Operation operation, const Side& one, const Side& other,
                             std::vector<double>& values) {
      Findings unused[2];
      target.run({operation, &one, &other, nullptr, 1.0, values.data()}, 0, rows, unused);
    };
    measure(Operation::kl_divergence, p, q, found.kl);
    measure(Operation::kl_divergence, q, p, found.reverse);
    measure(Operation::js_divergence, p, q, found.js);
    measure(Operation::total_variation, p, q, found.variation);
    return found;
  }
};

template <class T>
bool same_bytes(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

bool same(const Facts& a, const Facts& b) {
  return same_bytes(a.values, b.values) && same_bytes(a.entropies, b.entropies) &&
         same_bytes(a.top_surprisals, b.top_surprisals) && same_bytes(a.tops, b.tops);
}

bool same(const Findings& a, const Findings& b) {
  return a.first_row == b.first_row && a.fault == b.fault;
}

bool same_facts(const Answer& a, const Answer& b) {
  return same(a.p, b.p) && same(a.q, b.q) && same(a.findings[0], b.findings[0]) &&
         same(a.findings[1], b.findings[1]);
}

bool same_divergences(const Answer& a, const Answer& b) {
  return same_bytes(a.kl, b.kl) && same_bytes(a.reverse, b.reverse) && same_bytes(a.js, b.js) &&
         same_bytes(a.variation, b.variation);
}

bool near(const std::vector<double>& found, const std::vector<double>& expected) {
  for (std::size_t i = 0; i < found.size(); ++i) {
    const double a = found[i], b = expected[i];
    if (a == b) continue;  // infinite ones, too
    if (!(a >= 0.0) || !(std::fabs(a - b) <= 3e-6 * b)) return false;
  }
  return true;
}

bool near(const Answer& a, const Answer& b) {
  return near(a.kl, b.kl) && near(a.reverse, b.reverse) && near(a.js, b.js) &&
         near(a.variation, b.variation);
}

struct Rows {
  layouts::Array array;
  Side side;

  Rows(Type type, Kind kind, std::int64_t rows, std::int64_t classes, Which which) {
    auto patterns = hard_rows::patterns_of(type, true, kind, rows, classes, which);
    array = layouts::lay_out(layouts::Layout::contiguous, type, patterns, rows, classes);
    side = {array.view, Form::log, false, 0.0};
  }
};

void test_pairs(const std::vector<const Target*>& targets, Type first, Type second, Kind kind,
                std::int64_t rows, std::int64_t classes) {
  const Rows p(first, kind, rows, classes, Which::first);
  const Rows q(second, kind, rows, classes, Which::second);
  Question question{p.side, q.side, {}};
  for (std::int64_t row = 0; row < rows; ++row) question.labels.push_back(row * 31 % classes);
  const Answer expected = question.ask_separately(*targets[0]);
  const Answer together = question.ask(*targets[0], rows);
  const int said = static_cast<int>(kind);
  if (kind == Kind::faulty) {
    for (int side = 0; side < 2; ++side)
      CHECK(same(together.findings[side], expected.findings[side]), side, classes);
    return;
  }
  CHECK(same_facts(together, expected), said, static_cast<int>(first), classes);
  CHECK(near(together, expected), said, static_cast<int>(first), static_cast<int>(second), classes);
  const auto is_narrow = [](Type type) { return type != Type::f64; };
  if (!is_narrow(first) || !is_narrow(second) || classes < 64)
    CHECK(same_divergences(together, expected), said, static_cast<int>(first), classes);
  for (const Target* target : targets)
    for (const std::int64_t batch : {std::int64_t{1}, std::int64_t{7}, rows}) {
      const Answer found = question.ask(*target, batch);
      CHECK(same_facts(found, together) && same_divergences(found, together), target->name, said,
            static_cast<int>(first), static_cast<int>(second), classes, batch);
    }
}

}  // namespace

int main() {
  std::vector<const Target*> targets;
  const char* error = nullptr;
  for (const char* name : {"baseline", "avx2", "avx512"})
    if (const Target* target = unsurprised::choose_target(name, &error)) targets.push_back(target);
  constexpr std::pair<Type, Type> types[] = {{Type::f16, Type::f16},
                                             {Type::bf16, Type::f32},
                                             {Type::f32, Type::f32},
                                             {Type::f16, Type::f64}};
  for (const auto& [first, second] : types)
    for (const hard_rows::NamedKind& kind : hard_rows::kinds)
      for (const std::int64_t classes : {1, 10, 63, 64, 65, 1000, 1537, 3200})
        if (classes < 1000 || !checks::emulated)
          test_pairs(targets, first, second, kind.kind, classes < 1000 ? 18 : 3, classes);
}
