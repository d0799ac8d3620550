/* Fails the n-th call of a kind: on files below a folder, or for memory above a size.

   Preloaded (LD_PRELOAD) into a process that arms it. Counts from 1; 0 fails none and counts. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum { NOTHING = 0, FILES = 1, MEMORY = 2 };

static volatile int armed = NOTHING;
static char folder[4096];
static size_t length;
static long number, calls, fired;
static size_t smallest;
static int reason;

void failing_arm(int kind, const char* below, size_t size, long which, int error) {
  length = strlen(below) < sizeof folder ? strlen(below) : 0;
  memcpy(folder, below, length);
  smallest = size;
  number = which;
  reason = error;
  calls = fired = 0;
  armed = kind;
}

void failing_disarm(void) {
  armed = NOTHING;
}
long failing_calls(void) {
  return calls;
}
long failing_fired(void) {
  return fired;
}

static int fails(void) {
  if (__atomic_add_fetch(&calls, 1, __ATOMIC_SEQ_CST) != number) return 0;
  __atomic_store_n(&fired, 1, __ATOMIC_SEQ_CST);
  errno = reason;
  return 1;
}

static int fails_at(const char* path) {
  return armed == FILES && path != NULL && strncmp(path, folder, length) == 0 && fails();
}

static int fails_on(int descriptor) {
  char link[64], path[4096];
  if (armed != FILES) return 0;
  int kept = errno;
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  ssize_t size = readlink(link, path, sizeof path - 1);
  errno = kept;
  if (size < 0) return 0;
  path[size] = 0;
  return fails_at(path);
}

static int fails_for(size_t size) {
  return armed == MEMORY && size >= smallest && fails();
}

#define REAL(name)               \
  static __typeof__(&name) real; \
  if (real == NULL) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

#define ON_DESCRIPTOR(result, name, parameters, ...) \
  result name parameters {                           \
    REAL(name);                                      \
    if (fails_on(descriptor)) return -1;             \
    return real(__VA_ARGS__);                        \
  }

ON_DESCRIPTOR(ssize_t, write, (int descriptor, const void* data, size_t size), descriptor, data,
              size)
ON_DESCRIPTOR(ssize_t, pwrite, (int descriptor, const void* data, size_t size, off_t at),
              descriptor, data, size, at)
ON_DESCRIPTOR(ssize_t, pwrite64, (int descriptor, const void* data, size_t size, off64_t at),
              descriptor, data, size, at)
ON_DESCRIPTOR(ssize_t, writev, (int descriptor, const struct iovec* parts, int count), descriptor,
              parts, count)
ON_DESCRIPTOR(int, fsync, (int descriptor), descriptor)
ON_DESCRIPTOR(int, fdatasync, (int descriptor), descriptor)
ON_DESCRIPTOR(int, ftruncate, (int descriptor, off_t size), descriptor, size)
ON_DESCRIPTOR(int, ftruncate64, (int descriptor, off64_t size), descriptor, size)

int close(int descriptor) {
  REAL(close);
  int failed = fails_on(descriptor), kept = errno;
  int result = real(descriptor); /* as Linux does: closed all the same */
  if (!failed) return result;
  errno = kept;
  return -1;
}

int rename(const char* from, const char* to) {
  REAL(rename);
  return fails_at(to) ? -1 : real(from, to);
}

int renameat(int from_folder, const char* from, int to_folder, const char* to) {
  REAL(renameat);
  return fails_at(to) ? -1 : real(from_folder, from, to_folder, to);
}

int link(const char* from, const char* to) {
  REAL(link);
  return fails_at(to) ? -1 : real(from, to);
}

int linkat(int from_folder, const char* from, int to_folder, const char* to, int flags) {
  REAL(linkat);
  return fails_at(to) ? -1 : real(from_folder, from, to_folder, to, flags);
}

#define OPENING(name)                                                       \
  int name(const char* path, int flags, ...) {                              \
    REAL(name);                                                             \
    va_list rest;                                                           \
    va_start(rest, flags);                                                  \
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
    va_end(rest);                                                           \
    if ((flags & (O_WRONLY | O_RDWR)) && fails_at(path)) return -1;         \
    return real(path, flags, mode);                                         \
  }
OPENING(open)
OPENING(open64)

void* __libc_malloc(size_t size);
void* __libc_calloc(size_t count, size_t size);
void* __libc_realloc(void* old, size_t size);

void* malloc(size_t size) {
  return fails_for(size) ? NULL : __libc_malloc(size);
}

void* calloc(size_t count, size_t size) {
  return fails_for(count * size) ? NULL : __libc_calloc(count, size);
}

void* realloc(void* old, size_t size) {
  return fails_for(size) ? NULL : __libc_realloc(old, size);
}

int posix_memalign(void** memory, size_t alignment, size_t size) {
  REAL(posix_memalign);
  return fails_for(size) ? ENOMEM : real(memory, alignment, size);
}

void* aligned_alloc(size_t alignment, size_t size) {
  REAL(aligned_alloc);
  return fails_for(size) ? NULL : real(alignment, size);
}
