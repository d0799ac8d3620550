// Rows of a file: whoever measures some reads them into memory of its own, which stays in cache.
#pragma once

#include <cstdint>
#include <memory>

#include "operations.h"

namespace unsurprised {

// What keeps rows from being read: an error of the system, or the end of the file (0).
struct ReadFault {
  int system_error;
};

// Rows of one length, one after the other in an open file, of which some are asked for by their
// numbers. Of each the first `side.view.classes` entries count.
struct FileRows {
  int file;
  std::int64_t offset;     // where row 0 begins
  std::int64_t row_bytes;  // of all entries
  const std::int64_t* numbers;
  Side side{};  // of which `view` has no data
};

// Memory for some rows of a file.
class HeldRows {
 public:
  HeldRows(const FileRows& from, std::int64_t most);

  // The rows asked for from `begin` on, at most as many as there is memory for.
  const Side& read(std::int64_t begin, std::int64_t count);

 private:
  const FileRows& from_;
  std::unique_ptr<char[]> memory_;
  Side side_;
};

// So many rows of a file are read at a time: what stays in the second-level cache, and cuts where
// kernels that take 64 rows at once have them.
std::int64_t rows_held(std::int64_t row_bytes);

}  // namespace unsurprised
