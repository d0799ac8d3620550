// The fixed hash of row ids.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "target.h"

namespace unsurprised {

// A fixed hash of row ids: it decides groups and samples, so it must never change.
UNSURPRISED_INLINE std::uint64_t mix(
    std::uint64_t x) {  // the finaliser of SplitMix64 (Steele et al., 2014)
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

// FNV-1a, which is mixed in the end.
inline constexpr std::uint64_t no_bytes = 0xcbf29ce484222325;
UNSURPRISED_INLINE std::uint64_t with_byte(std::uint64_t hash, char byte) {
  return (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
}

inline std::uint64_t hash_bytes(const char* data, std::size_t size) {
  std::uint64_t hash = no_bytes;
  for (std::size_t i = 0; i < size; ++i) hash = with_byte(hash, data[i]);
  return mix(hash);
}

// The bytes of some rows, of a width and so far apart.
struct RowBytes {
  const char* data;
  std::int64_t width, stride;
};

// The hash of the bytes of each row in all columns, one column after the other.
void hash_columns(const std::vector<RowBytes>& columns, std::int64_t rows, std::uint64_t* out);

// Hashes ids, or where there are none first, first + 1, …; a start of its own tells files apart.
// Compiled once for each instruction set.
using HashRows = void (*)(const std::int64_t* ids, std::uint64_t first, std::int64_t count,
                          std::uint64_t start, std::uint64_t* out);

}  // namespace unsurprised
