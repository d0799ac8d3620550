// Prints a digest of the bytes of every operation's answers on hard rows, a line a case, as one
// instruction set computes them: `print_bits avx2`. Two machines agree where the lines do.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <initializer_list>
#include <limits>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

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
using unsurprised::Request;
using unsurprised::RowsView;
using unsurprised::Side;
using unsurprised::Target;
using unsurprised::Type;

struct NamedOperation {
  Operation operation;
  const char* name;
  bool pair, labels;
};
// A new operation is one line here.
constexpr NamedOperation operations[] = {
    {Operation::surprisal, "surprisal", false, true},
    {Operation::entropy, "entropy", false, false},
    {Operation::facts, "facts", false, true},
    {Operation::cross_entropy, "cross_entropy", true, false},
    {Operation::kl_divergence, "kl_divergence", true, false},
    {Operation::js_divergence, "js_divergence", true, false},
    {Operation::jeffreys_divergence, "jeffreys_divergence", true, false},
    {Operation::total_variation, "total_variation", true, false},
    {Operation::hellinger_distance, "hellinger_distance", true, false},
    {Operation::bhattacharyya_coefficient, "bhattacharyya_coefficient", true, false},
    {Operation::bhattacharyya_distance, "bhattacharyya_distance", true, false},
};

constexpr const char* type_names[] = {"f16", "bf16", "f32", "f64", "i8", "i16",
                                      "i32", "i64",  "u8",  "u16", "u32"};
constexpr std::int64_t class_counts[] = {1, 2, 3, 10, 63, 64, 65, 100, 1000, 5000, 70000};
constexpr std::int64_t longest = 70000;  // for some kinds only

// Enough for a block of 32 and one of 16 and one over, where rows are measured side by side; where
// they are mostly measured one by one, less, as emulated machines are slow.
std::int64_t row_count(std::int64_t classes) {
  return classes < 64 ? 49 : classes <= 100 ? 17 : classes <= 1000 ? 2 : 1;
}

// FNV-1a.
class Digest {
 public:
  template <class T>
  void add(const T& value) {
    static_assert(std::is_arithmetic_v<T> || std::is_enum_v<T>);
    unsigned char bytes[sizeof value];
    std::memcpy(bytes, &value, sizeof value);
    for (const unsigned char byte : bytes) hash_ = (hash_ ^ byte) * 0x100000001b3;
  }
  template <class T>
  void add(const std::vector<T>& values) {
    for (const T& value : values) add(value);
  }
  unsigned long long value() const { return hash_; }

 private:
  std::uint64_t hash_ = 0xcbf29ce484222325;
};

// Rows of one type and form, and the memory that they lie in.
struct Rows {
  layouts::Array array;
  Side side;

  Rows(Type type, Form form, Kind kind, std::int64_t classes, Which which) {
    const std::int64_t rows = row_count(classes);
    auto patterns = hard_rows::patterns_of(type, form == Form::log, kind, rows, classes, which);
    array = layouts::lay_out(layouts::Layout::contiguous, type, patterns, rows, classes);
    // No sum is refused, and how far they are off is told.
    side = {array.view, form, true, -1.0};
  }
};

unsigned long long digest(const Target& target, const NamedOperation& asked, const Rows& p,
                          const Rows* q, Kind kind) {
  const std::int64_t classes = p.side.view.classes, rows = row_count(classes);
  const auto size = static_cast<std::size_t>(rows);
  std::vector<double> values(size), entropies(size), top_surprisals(size);
  std::vector<std::int32_t> tops(size);
  std::vector<std::int64_t> labels;
  for (std::int64_t row = 0; row < rows; ++row) labels.push_back((row + 2) * 7919 % classes);
  Request request{asked.operation, &p.side};
  if (q) request.q = &q->side;
  if (asked.labels) request.labels = labels.data();
  request.units_per_bit = 0x1.62e42fefa39efp-1;
  request.values = values.data();
  request.entropies = entropies.data();
  request.top_surprisals = top_surprisals.data();
  request.tops = tops.data();
  Findings findings[2];
  target.run(request, 0, rows, findings);
  Digest all;
  for (const Findings& found : findings) {
    all.add(found.first_row);
    all.add(found.fault);
    all.add(found.sum_off_rows);
    // Of some faulty rows nothing else is promised.
    if (kind != Kind::faulty) all.add(found.largest_deviation);
  }
  if (kind == Kind::faulty) return all.value();
  all.add(values);
  all.add(entropies);
  all.add(top_surprisals);
  all.add(tops);
  return all.value();
}

// The same of all that is asked of pairs of rows at once.
unsigned long long pair_digest(const Target& target, const Rows& p, const Rows& q, Kind kind) {
  const std::int64_t classes = p.side.view.classes, rows = row_count(classes);
  std::vector<double> values(static_cast<std::size_t>(12 * rows));
  std::vector<std::int32_t> tops(static_cast<std::size_t>(2 * rows));
  std::vector<std::int64_t> labels;
  for (std::int64_t row = 0; row < rows; ++row) labels.push_back((row + 2) * 7919 % classes);
  double* next = values.data();
  const auto column = [&] { return std::exchange(next, next + rows); };
  unsurprised::PairRequest request;
  std::int32_t* top = tops.data();
  for (auto [of, side] : {std::pair{&request.p, &p.side}, {&request.q, &q.side}}) {
    *of = {Operation::facts, side, nullptr, labels.data(), 0x1.62e42fefa39efp-1};
    for (double** to : {&of->values, &of->entropies, &of->top_surprisals}) *to = column();
    of->tops = std::exchange(top, top + rows);
  }
  for (double** to : {&request.kl_divergence, &request.reverse_kl_divergence,
                      &request.js_divergence, &request.total_variation})
    *to = column();
  Findings findings[2];
  target.pair_facts(request, 0, rows, findings);
  Digest all;
  for (const Findings& found : findings) {
    all.add(found.first_row);
    all.add(found.fault);
  }
  if (kind == Kind::faulty) return all.value();
  all.add(values);
  all.add(tops);
  return all.value();
}

// The least that rows with a floor differ from each other, and from whole ones.
unsigned long long floored_digest(const Target& target, const Rows& p, const Rows& q) {
  const std::int64_t classes = p.side.view.classes, rows = row_count(classes);
  std::vector<double> values(static_cast<std::size_t>(12 * rows));
  std::vector<std::int32_t> tops(static_cast<std::size_t>(2 * rows));
  std::vector<std::int64_t> labels;
  const auto floors = std::make_unique<bool[]>(static_cast<std::size_t>(3 * rows));
  for (std::int64_t row = 0; row < rows; ++row) {
    labels.push_back((row + 2) * 7919 % classes);
    floors[static_cast<std::size_t>(row)] = row % 3 != 1;
  }
  Digest all;
  for (const bool* second : std::initializer_list<const bool*>{nullptr, floors.get()}) {
    double* next = values.data();
    const auto column = [&] { return std::exchange(next, next + rows); };
    unsurprised::FlooredPairs pairs;
    pairs.p = {&p.side,  floors.get(), column(),           column(),
               column(), tops.data(),  floors.get() + rows};
    pairs.q = {
        &q.side, second, column(), column(), column(), tops.data() + rows, floors.get() + 2 * rows};
    pairs.p.sums = column();
    pairs.q.sums = column();
    pairs.labels = labels.data();
    for (double** to : {&pairs.kl_divergence, &pairs.reverse_kl_divergence, &pairs.js_divergence,
                        &pairs.total_variation})
      *to = column();
    target.floored_facts(pairs, 0, rows);
    all.add(values);
    all.add(tops);
    for (std::int64_t row = rows; row < 3 * rows; ++row)
      all.add(floors[static_cast<std::size_t>(row)]);
    pairs.p.sums = pairs.kl_divergence;
    pairs.p.tails = pairs.q.surprisals;
    target.floored_rows(pairs.p, labels.data(), 0, rows);
    all.add(values);
  }
  return all.value();
}

const char* name_of(Form form) {
  return form == Form::mass ? "mass" : "log";
}

const char* name_of(Type type) {
  return type_names[static_cast<int>(type)];
}

void print_pairs(const Target& target, const Rows& p, const hard_rows::NamedKind& kind,
                 const std::string& where, Type other) {
  const Side& side = p.side;
  for (const Form form : {Form::mass, Form::log})
    for (const Type type : {side.view.type, other}) {
      const Rows q(type, form, kind.kind, side.view.classes, Which::second);
      for (const NamedOperation& asked : operations)
        if (asked.pair)
          std::printf("%s of %s %s and %s %s, %s: %016llx\n", asked.name, name_of(side.form),
                      name_of(side.view.type), name_of(form), name_of(type), where.c_str(),
                      digest(target, asked, p, &q, kind.kind));
      if (side.form == Form::log && form == Form::log && hard_rows::is_float(side.view.type))
        std::printf("pair facts of %s and %s, %s: %016llx\n", name_of(side.view.type),
                    name_of(type), where.c_str(), pair_digest(target, p, q, kind.kind));
      if (side.form == Form::log && form == Form::log && type == Type::f32 &&
          kind.kind <= Kind::near)
        std::printf("floored facts of %s and %s, %s: %016llx\n", name_of(side.view.type),
                    name_of(type), where.c_str(), floored_digest(target, p, q));
      if (side.view.classes == longest) break;
    }
}

// The largest entries of a row, and of narrow scores all shares and their sums.
void print_leaders(const Target& target, const Rows& p, const std::string& where) {
  const RowsView& view = p.side.view;
  const auto size = static_cast<std::size_t>(view.classes);
  std::vector<std::int64_t> at(3);
  std::vector<double> found(3);
  target.leaders(p.side, 0, std::min<std::int64_t>(3, view.classes), 0.25, at.data(), found.data());
  Digest all;
  all.add(at);
  all.add(found);
  if (p.side.form == Form::log && (view.type <= Type::f32)) {
    const double share = 0.125;
    double top = 0.0;
    Side as_it_stands = p.side;
    as_it_stands.form = Form::mass;  // of scores the surprisals are told
    target.leaders(as_it_stands, 0, 1, 0.0, at.data(), &top);
    std::vector<float> shares(size);
    std::vector<double> coarse(size), fine(size);
    target.shares_of(p.side, 0, top, share, shares.data());
    target.add_shares({&p.side, 1, &top, &share}, 0, view.classes, coarse.data(), fine.data());
    all.add(shares);
    all.add(coarse);
    all.add(fine);
  }
  std::printf("leaders and shares, %s: %016llx\n", where.c_str(), all.value());
}

void print_rows(const Target& target, Type type, Form form, const hard_rows::NamedKind& kind,
                std::int64_t classes) {
  const std::string where = std::to_string(classes) + " classes, " + kind.name;
  const Rows p(type, form, kind.kind, classes, Which::first);
  for (const NamedOperation& asked : operations)
    if (!asked.pair)
      std::printf("%s of %s %s, %s: %016llx\n", asked.name, name_of(form), name_of(type),
                  where.c_str(), digest(target, asked, p, nullptr, kind.kind));
  if (kind.kind != Kind::faulty)
    print_leaders(target, p, where + ", " + name_of(form) + " " + name_of(type));
  const auto next = (static_cast<std::size_t>(type) + 1) % std::size(layouts::types);
  print_pairs(target, p, kind, where, layouts::types[next]);
}

void print_events(const Target& target) {
  checks::Random random(1);
  std::vector<double> events, found(10007);
  for (std::size_t i = 0; i < found.size(); ++i)
    events.push_back(std::bit_cast<double>(random.bits() % (0x3ff0000000000000 + 1)));
  target.surprisals(events.data(), 1.0, static_cast<std::int64_t>(found.size()), found.data());
  Digest all;
  all.add(found);
  std::printf("surprisal of events: %016llx\n", all.value());
}

// Numbers from 2^-31 to 1, either sign.
std::vector<double> signed_numbers(std::size_t count) {
  checks::Random random(2);
  std::vector<double> numbers(count);
  for (double& x : numbers) {
    const auto bits = random.bits();
    x = std::ldexp(static_cast<double>(bits >> 11), -53 - static_cast<int>(bits % 31));
    if (bits & 32) x = -x;
  }
  return numbers;
}

void print_functions(const unsurprised::Portable& portable) {
  using unsurprised::Function;
  constexpr std::pair<Function, const char*> functions[] = {
      {Function::exp, "exp"}, {Function::exp2, "exp2"},        {Function::expm1, "expm1"},
      {Function::log, "log"}, {Function::log2, "log2"},        {Function::log1p, "log1p"},
      {Function::erf, "erf"}, {Function::log1mexp, "log1mexp"}};
  for (const auto& [function, name] : functions) {
    std::vector<double> numbers = signed_numbers(10007), found(numbers.size());
    const bool positive =
        function == Function::log || function == Function::log2 || function == Function::erf;
    for (double& x : numbers) {
      if (function == Function::log1mexp) x = -std::fabs(x);
      if (positive) x = std::fabs(x);
      if (function != Function::log1p) x *= 600.0;
    }
    portable.apply(function, numbers.data(), std::ssize(numbers), found.data());
    Digest all;
    all.add(found);
    std::printf("portable %s: %016llx\n", name, all.value());
  }
}

void print_products(const unsurprised::Portable& portable) {
  const std::vector<double> numbers = signed_numbers(70 * 130);
  const std::vector<float> narrow(numbers.begin(), numbers.end());
  for (const std::int64_t m : {1, 7, 8, 33}) {
    std::vector<double> found(static_cast<std::size_t>(69 * m));
    portable.multiply({numbers.data(), 1, 70}, numbers.data(), 69, 130, m, found.data());
    std::vector<float> single(found.size());
    portable.multiply_single({narrow.data(), 1, 70}, narrow.data(), 69, 130, m, single.data());
    Digest all;
    all.add(found);
    all.add(single);
    std::printf("portable product, %d columns: %016llx\n", static_cast<int>(m), all.value());
  }
  std::vector<double> matrix(30 * 30), right(numbers.begin(), numbers.begin() + 30);
  portable.multiply({numbers.data(), 1, 30}, numbers.data(), 30, 30, 30, matrix.data());
  for (std::size_t i = 0; i < 30; ++i) matrix[i * 31] += 900.0;
  Digest all;
  all.add(static_cast<int>(portable.factorise(matrix.data(), 30)));
  portable.solve(matrix.data(), 30, right.data());
  all.add(matrix);
  all.add(right);
  std::printf("portable factor: %016llx\n", all.value());
}

// What fits and tests of calibration ask of groups of rows.
void print_scaling(const Target& target) {
  constexpr std::int64_t rows = 200, groups = rows / unsurprised::PackedRows::lanes;
  for (const std::int64_t classes : {2, 10, 33, 100}) {
    const auto cells = static_cast<std::size_t>(rows * classes);
    std::vector<double> scores = signed_numbers(rows * classes), weights(rows, 0.5), labels(rows);
    for (std::size_t i = 0; i < cells; ++i) {
      scores[i] = -30.0 * std::fabs(scores[i]);
      if (i % 17 == 3 && i / 8 % static_cast<std::size_t>(classes) > 0)
        scores[i] = -std::numeric_limits<double>::infinity();
    }
    for (std::size_t i = 0; i < labels.size(); ++i)
      labels[i] = static_cast<double>(i % static_cast<std::size_t>(classes));
    const std::vector<double> scaling = signed_numbers(2 * classes);
    const double *factors = scaling.data(), *shifts = factors + classes;
    const auto parameters = static_cast<std::size_t>(2 * classes);
    std::vector<double> sums(1 + parameters), matrix(parameters * parameters),
        drawn(5 * parameters);
    unsurprised::PackedRows packed{scores.data(), weights.data(), classes, labels.data()};
    Digest all;
    target.scaled_sums(packed, groups, factors, shifts, sums.data());
    all.add(sums);
    target.scaled_curvature(packed, groups, factors, shifts, matrix.data());
    all.add(matrix);
    target.tempered_sums(packed, groups, 0.7, sums.data());
    all.add(sums);
    all.add(target.scaled_spread(packed, rows, factors, shifts));
    packed.labels = nullptr;
    packed.shares = scores.data();
    for (double& x : scores) x = x > -60.0 ? x / -60.0 : 0.0;
    target.scaled_sums(packed, groups, factors, shifts, sums.data());
    all.add(sums);
    for (std::size_t i = 1; i < cells; ++i)
      if (i % static_cast<std::size_t>(classes)) scores[i] += scores[i - 1];
    const std::vector<std::int32_t> last(rows, static_cast<std::int32_t>(classes - 1));
    target.draw_sums({scores.data(), scores.data(), weights.data(), last.data(), rows, classes}, 0,
                     5, drawn.data());
    all.add(drawn);
    std::printf("scaling, %d classes: %016llx\n", static_cast<int>(classes), all.value());
  }
}

}  // namespace

int main(int count, char** arguments) {
  const char* error = "call it with the name of an instruction set";
  const Target* target = count == 2 ? unsurprised::choose_target(arguments[1], &error) : nullptr;
  if (!target) {
    std::fprintf(stderr, "print_bits: %s\n", error);
    return 2;
  }
  print_events(*target);
  print_functions(target->portable);
  print_products(target->portable);
  print_scaling(*target);
  for (const std::int64_t classes : class_counts)
    for (const Type type : layouts::types)
      for (const Form form : {Form::mass, Form::log})
        for (const hard_rows::NamedKind& kind : hard_rows::kinds)
          if (classes < longest || (hard_rows::is_float(type) && kind.kind <= Kind::sparse))
            print_rows(*target, type, form, kind, classes);
}
