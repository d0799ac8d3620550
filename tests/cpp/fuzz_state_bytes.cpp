// Any bytes as states: refused, or a state that writes the same bytes again, merges and is read.
//
// An entry for libFuzzer (cmake -DLIBFUZZER=ON, with clang), and under any compiler a program that
// takes a number of mutated cases and a folder of inputs, which are run first: byte 0 is the kind
// of state, byte 1 the number of its places.
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include "check.h"
#include "tables.h"

namespace {

using unsurprised::ExactTable;
using unsurprised::Tally;

void use(ExactTable& table) {
  for (std::int64_t i = 0; i < table.size(); ++i) (void)table.slot(i).rounded();
}

void use(Tally& tally) {
  for (std::int64_t i = 0; i < tally.size(); ++i)
    CHECK(tally.counts()[static_cast<std::size_t>(i)] >= 0, i);
}

template <class State>
void run(const std::string& bytes, std::int64_t size) {
  // Exactly as long as the bytes, so that a sanitizer sees a read past their end.
  const std::vector<char> copy(bytes.begin(), bytes.end());
  try {
    State state = State::from_bytes(copy.data(), copy.size(), size);
    CHECK(state.to_bytes() == bytes, size);
    use(state);
    state.merge(State::from_bytes(copy.data(), copy.size(), size));
    use(state);
    (void)state.to_bytes();
  } catch (const std::invalid_argument&) {  // bytes that no state writes
  } catch (const std::overflow_error&) {    // more rows than can be counted
  }
}

void run_input(const std::string& input) {
  if (input.size() < 2) return;
  const std::int64_t size = static_cast<unsigned char>(input[1]);
  if (input[0] & 1)
    run<Tally>(input.substr(2), size);
  else
    run<ExactTable>(input.substr(2), size);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  run_input(std::string(data, data + size));
  return 0;
}

#ifndef LIBFUZZER
namespace {

using checks::Random;

std::string read(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

// States of every size and kind, so that mutations begin near what is accepted.
std::string any_input(Random& random) {
  const std::int64_t size = random.below(6);
  std::string input = {static_cast<char>(random.below(2)), static_cast<char>(size)};
  if (input[0] & 1) {
    Tally tally(size);
    for (std::int64_t i = 0; i < size; ++i)
      if (random.below(3)) tally.add(i, static_cast<std::int64_t>(random.bits() >> 2 | 1));
    return input + tally.to_bytes();
  }
  ExactTable table(size);
  for (std::int64_t i = 0; i < size; ++i)
    for (const double x : checks::any_values(random, random.below(4))) table.slot(i).add(x);
  return input + table.to_bytes();
}

std::size_t place_in(Random& random, const std::string& input) {
  return static_cast<std::size_t>(random.below(static_cast<std::int64_t>(input.size()) + 1));
}

void mutate(Random& random, std::string& input) {
  const char bytes[] = {0, 1, 2, 67, 68, 69, 127, static_cast<char>(128), static_cast<char>(255)};
  const char byte = random.below(2) ? bytes[random.below(9)] : static_cast<char>(random.below(256));
  const std::size_t at = place_in(random, input), length = 1u << random.below(5);
  switch (random.below(6)) {
    case 0:
      input.resize(at);
      break;
    case 1:
      input.insert(at, length, byte);
      break;
    case 2:
      input.erase(at, length);
      break;
    case 3:
      input.insert(place_in(random, input), input.substr(at, length));
      break;
    default:
      if (at < input.size()) input[at] = byte;
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::int64_t cases = argc > 1 ? std::stoll(argv[1]) : 100'000;
  std::vector<std::string> inputs;
  if (argc > 2)
    for (const auto& entry : std::filesystem::directory_iterator(argv[2]))
      inputs.push_back(read(entry.path()));
  for (const std::string& input : inputs) run_input(input);
  const std::size_t kept = inputs.size();
  Random random(11);
  for (int i = 0; i < 100; ++i) inputs.push_back(any_input(random));
  for (std::int64_t i = 0; i < cases; ++i) {
    std::string input =
        inputs[static_cast<std::size_t>(random.below(static_cast<std::int64_t>(inputs.size())))];
    for (std::int64_t k = random.below(4); k >= 0; --k) mutate(random, input);
    run_input(input);
  }
  std::cout << kept << " inputs of the corpus and " << cases << " mutated ones\n";
}
#endif
