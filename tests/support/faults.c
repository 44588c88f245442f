/* A preloaded library (LD_PRELOAD) that numbers every call which writes below one folder, and at a chosen
   number kills the run, fails the call, or cuts it short. scripts/torture.py builds and drives it.

   The file named by FAULTS_STATE is mapped by every process of a run, so that calls are numbered over all
   of them. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum { COUNT, KILL, FAIL_ONCE, FAIL_FROM, SHORT };
enum { OPEN = 'o', WRITE = 'w', FLUSH = 'f', NAME = 'n', LENGTH = 't' };
#define MAX_CALLS (1 << 20)

struct state {
    volatile int mode, error;
    volatile long at, count, leader;
    char root[1024];
    char calls[MAX_CALLS]; /* what kind each call was */
};
static struct state *state;

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("FAULTS_STATE");
    int handle = path ? syscall(SYS_openat, AT_FDCWD, path, O_RDWR) : -1;
    if (handle < 0) return;
    void *map = mmap(NULL, sizeof(struct state), PROT_READ | PROT_WRITE, MAP_SHARED, handle, 0);
    syscall(SYS_close, handle);
    if (map != MAP_FAILED) state = map;
}

static int below_root(const char *path) {
    size_t length = strlen(state->root);
    return length && !strncmp(path, state->root, length) && (path[length] == '/' || !path[length]);
}

static int path_of(int handle, char *out) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", handle);
    ssize_t n = syscall(SYS_readlinkat, AT_FDCWD, link, out, PATH_MAX - 1);
    if (n < 0) return 0;
    out[n] = 0;
    return 1;
}

static int full_path(int folder, const char *path, char *out) {
    char base[PATH_MAX];
    if (!path) return 0;
    if (path[0] == '/') { snprintf(out, PATH_MAX, "%s", path); return 1; }
    if (folder == AT_FDCWD) { if (syscall(SYS_getcwd, base, sizeof base) < 0) return 0; }
    else if (!path_of(folder, base)) return 0;
    snprintf(out, PATH_MAX, "%.2000s/%.2000s", base, path);
    return 1;
}

/* Number a call; return 1 if it is to fail, 2 if it is to be cut short. */
static int strike(char kind) {
    long number = __sync_add_and_fetch(&state->count, 1);
    if (number <= MAX_CALLS) state->calls[number - 1] = kind;
    if (state->mode == COUNT || !state->at || number < state->at) return 0;
    if (state->mode == FAIL_FROM) {
        /* A full disk still lets names go; one that cannot be written lets nothing through. */
        if (state->error == ENOSPC && kind == NAME) return 0;
        errno = state->error;
        return 1;
    }
    if (number != state->at) return 0;
    if (state->mode == KILL) {
        if (state->leader) kill(state->leader, SIGKILL);
        syscall(SYS_kill, syscall(SYS_getpid), SIGKILL);
    }
    if (state->mode == SHORT) return 2;
    errno = state->error;
    return 1;
}

static int struck_path(int folder, const char *path, char kind) {
    char whole[PATH_MAX];
    return state && full_path(folder, path, whole) && below_root(whole) ? strike(kind) : 0;
}

static int struck_file(int handle, char kind) {
    char whole[PATH_MAX];
    return state && path_of(handle, whole) && below_root(whole) ? strike(kind) : 0;
}

#define REAL(name) static __typeof__(&name) real; if (!real) real = dlsym(RTLD_NEXT, #name)
#define WRITES(flags) (((flags) & O_ACCMODE) != O_RDONLY || ((flags) & (O_CREAT | O_TRUNC)))

#define MODE mode_t mode = 0; if (flags & (O_CREAT | O_TMPFILE)) { \
    va_list more; va_start(more, flags); mode = va_arg(more, mode_t); va_end(more); }

int open(const char *path, int flags, ...) {
    MODE REAL(open);
    if (WRITES(flags) && struck_path(AT_FDCWD, path, OPEN) == 1) return -1;
    return real(path, flags, mode);
}
int open64(const char *path, int flags, ...) {
    MODE REAL(open64);
    if (WRITES(flags) && struck_path(AT_FDCWD, path, OPEN) == 1) return -1;
    return real(path, flags, mode);
}
int openat(int folder, const char *path, int flags, ...) {
    MODE REAL(openat);
    if (WRITES(flags) && struck_path(folder, path, OPEN) == 1) return -1;
    return real(folder, path, flags, mode);
}
int openat64(int folder, const char *path, int flags, ...) {
    MODE REAL(openat64);
    if (WRITES(flags) && struck_path(folder, path, OPEN) == 1) return -1;
    return real(folder, path, flags, mode);
}
static int flags_of(const char *how) {
    int flags = *how == 'r' ? 0 : O_CREAT | (*how == 'w' ? O_TRUNC : 0);
    return flags | (*how != 'r' ? O_WRONLY : strchr(how, '+') ? O_RDWR : O_RDONLY);
}
FILE *fopen(const char *path, const char *how) {
    REAL(fopen);
    if (WRITES(flags_of(how)) && struck_path(AT_FDCWD, path, OPEN) == 1) return NULL;
    return real(path, how);
}
FILE *fopen64(const char *path, const char *how) {
    REAL(fopen64);
    if (WRITES(flags_of(how)) && struck_path(AT_FDCWD, path, OPEN) == 1) return NULL;
    return real(path, how);
}

#define CUT(struck, n) ((struck) == 2 && (n) > 1 ? (n) / 2 : (n))

ssize_t write(int handle, const void *from, size_t n) {
    REAL(write);
    int struck = struck_file(handle, WRITE);
    return struck == 1 ? -1 : real(handle, from, CUT(struck, n));
}
ssize_t pwrite(int handle, const void *from, size_t n, off_t where) {
    REAL(pwrite);
    int struck = struck_file(handle, WRITE);
    return struck == 1 ? -1 : real(handle, from, CUT(struck, n), where);
}
ssize_t pwrite64(int handle, const void *from, size_t n, off64_t where) {
    REAL(pwrite64);
    int struck = struck_file(handle, WRITE);
    return struck == 1 ? -1 : real(handle, from, CUT(struck, n), where);
}
ssize_t writev(int handle, const struct iovec *parts, int n) {
    REAL(writev);
    return struck_file(handle, WRITE) == 1 ? -1 : real(handle, parts, n);
}
size_t fwrite(const void *from, size_t size, size_t n, FILE *file) {
    REAL(fwrite);
    return struck_file(fileno(file), WRITE) == 1 ? 0 : real(from, size, n, file);
}
static int lost(FILE *file) {
    int handle = fileno(file), flags = handle < 0 ? 0 : fcntl(handle, F_GETFL);
    if (!__fpending(file) || flags < 0 || !WRITES(flags) || struck_file(handle, WRITE) != 1) return 0;
    __fpurge(file); /* What was not yet given to the system is lost. */
    return 1;
}
int fflush(FILE *file) {
    REAL(fflush);
    if (!file || !lost(file)) return real(file);
    errno = state->error;
    return EOF;
}
int fclose(FILE *file) {
    REAL(fclose);
    int failed = lost(file), result = real(file);
    if (!failed) return result;
    errno = state->error;
    return EOF;
}
ssize_t sendfile(int out, int in, off_t *where, size_t n) {
    ssize_t (*real)(int, int, off_t *, size_t) = dlsym(RTLD_NEXT, "sendfile");
    return struck_file(out, WRITE) == 1 ? -1 : real(out, in, where, n);
}
ssize_t sendfile64(int out, int in, off64_t *where, size_t n) {
    ssize_t (*real)(int, int, off64_t *, size_t) = dlsym(RTLD_NEXT, "sendfile64");
    return struck_file(out, WRITE) == 1 ? -1 : real(out, in, where, n);
}
ssize_t copy_file_range(int in, off64_t *from, int out, off64_t *to, size_t n, unsigned flags) {
    REAL(copy_file_range);
    return struck_file(out, WRITE) == 1 ? -1 : real(in, from, out, to, n, flags);
}

#define FLUSHES(name) int name(int handle) { \
    REAL(name); \
    return struck_file(handle, FLUSH) == 1 ? -1 : real(handle); }
FLUSHES(fsync)
FLUSHES(fdatasync)

int ftruncate(int handle, off_t n) {
    REAL(ftruncate);
    return struck_file(handle, LENGTH) == 1 ? -1 : real(handle, n);
}
int ftruncate64(int handle, off64_t n) {
    REAL(ftruncate64);
    return struck_file(handle, LENGTH) == 1 ? -1 : real(handle, n);
}

#define NAMES(call, folder, path) return struck_path(folder, path, NAME) == 1 ? -1 : (call)
int rename(const char *one, const char *two) {
    REAL(rename);
    NAMES(real(one, two), AT_FDCWD, two);
}
int renameat(int a, const char *one, int b, const char *two) {
    REAL(renameat);
    NAMES(real(a, one, b, two), b, two);
}
int renameat2(int a, const char *one, int b, const char *two, unsigned flags) {
    REAL(renameat2);
    NAMES(real(a, one, b, two, flags), b, two);
}
int link(const char *one, const char *two) {
    REAL(link);
    NAMES(real(one, two), AT_FDCWD, two);
}
int linkat(int a, const char *one, int b, const char *two, int flags) {
    REAL(linkat);
    NAMES(real(a, one, b, two, flags), b, two);
}
int unlink(const char *path) {
    REAL(unlink);
    NAMES(real(path), AT_FDCWD, path);
}
int unlinkat(int folder, const char *path, int flags) {
    REAL(unlinkat);
    NAMES(real(folder, path, flags), folder, path);
}
int rmdir(const char *path) {
    REAL(rmdir);
    NAMES(real(path), AT_FDCWD, path);
}
int mkdir(const char *path, mode_t mode) {
    REAL(mkdir);
    NAMES(real(path, mode), AT_FDCWD, path);
}
int mkdirat(int folder, const char *path, mode_t mode) {
    REAL(mkdirat);
    NAMES(real(folder, path, mode), folder, path);
}
