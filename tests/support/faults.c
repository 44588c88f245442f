/* A preloaded library (LD_PRELOAD) that numbers every call which writes below one folder, and at a chosen
   number kills the run, fails the call, or cuts it short. scripts/torture.py builds and drives it.

   The file named by FAULTS_STATE is mapped by every process of a run, so that calls are numbered over all
   of them. Instead it may note each call with its data in FAULTS_STATE.log (power_cuts.py reads it). */
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

enum { COUNT, KILL, FAIL_ONCE, FAIL_FROM, SHORT, LOG };
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
    if (state->mode == COUNT || state->mode == LOG || !state->at || number < state->at) return 0;
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

/* The log: what was done, to which file by its number, where, with what; names are whole paths. */
struct noted { char op, blank[7]; unsigned long file, where, size, one, two; };
static int log_file = -1;

static void note(char op, unsigned long file, long where, const void *data, size_t size, const char *one,
                 const char *two) {
    int kept = errno;
    if (log_file < 0) {
        char path[PATH_MAX];
        snprintf(path, sizeof path, "%.4000s.log", getenv("FAULTS_STATE"));
        log_file = syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    }
    struct noted head = {op, "", file, where, size, strlen(one), strlen(two)};
    struct iovec parts[] = {{&head, sizeof head}, {(void *)one, head.one}, {(void *)two, head.two},
                            {(void *)data, size}};
    syscall(SYS_writev, log_file, parts, 4);
    errno = kept;
}

static int logged_file(int handle, unsigned long *file) {
    char whole[PATH_MAX];
    struct stat facts;
    if (!state || state->mode != LOG || handle < 0 || !path_of(handle, whole) || !below_root(whole)) return 0;
    if (fstat(handle, &facts)) return 0;
    *file = facts.st_ino;
    return 1;
}

static ssize_t note_write(int handle, const void *data, ssize_t done, long where) {
    unsigned long file;
    int kept = errno;
    if (done > 0 && logged_file(handle, &file))
        note('w', file, where < 0 ? lseek(handle, 0, SEEK_CUR) - done : where, data, done, "", "");
    errno = kept;
    return done;
}

/* Note all that a file holds: for calls whose data pass by other ways. */
static void note_content(int handle) {
    unsigned long file;
    int kept = errno;
    if (logged_file(handle, &file)) {
        char link[64];
        snprintf(link, sizeof link, "/proc/self/fd/%d", handle);
        int again = syscall(SYS_openat, AT_FDCWD, link, O_RDONLY);
        long size = again < 0 ? -1 : lseek(again, 0, SEEK_END);
        char *data = size < 0 ? NULL : malloc(size + 1);
        if (data && pread(again, data, size, 0) == size) note('a', file, 0, data, size, "", "");
        free(data);
        if (again >= 0) syscall(SYS_close, again);
    }
    errno = kept;
}

static int note_file(char op, int handle, long where, int result) {
    unsigned long file;
    if (!result && logged_file(handle, &file)) note(op, file, where, "", 0, "", "");
    return result;
}

static int was_there(int folder, const char *path) {
    int kept = errno, there = state && state->mode == LOG && !syscall(SYS_faccessat, folder, path, F_OK);
    errno = kept;
    return there;
}

static void note_open(int folder, const char *path, int flags, int there, int handle) {
    char whole[PATH_MAX];
    unsigned long file;
    if (!logged_file(handle, &file) || !full_path(folder, path, whole)) return;
    if (!there && (flags & O_CREAT)) note('c', file, 0, "", 0, whole, "");
    else if (flags & O_TRUNC) note('t', file, 0, "", 0, "", "");
}

static int note_names(char op, int a, const char *one, int b, const char *two, int result) {
    char from[PATH_MAX] = "", to[PATH_MAX];
    struct stat facts = {0};
    int kept = errno;
    if (!result && state && state->mode == LOG && full_path(b, two, to) && below_root(to)) {
        if (one) full_path(a, one, from);
        if (op == 'm') stat(to, &facts);
        note(op, facts.st_ino, 0, "", 0, from, to);
    }
    errno = kept;
    return result;
}

#define REAL(name) static __typeof__(&name) real; if (!real) real = dlsym(RTLD_NEXT, #name)
#define WRITES(flags) (((flags) & O_ACCMODE) != O_RDONLY || ((flags) & (O_CREAT | O_TRUNC)))

#define MODE mode_t mode = 0; if (flags & (O_CREAT | O_TMPFILE)) { \
    va_list more; va_start(more, flags); mode = va_arg(more, mode_t); va_end(more); }
#define OPENS(folder, path, flags, call) \
    if (WRITES(flags) && struck_path(folder, path, OPEN) == 1) return -1; \
    int there = was_there(folder, path), handle = (call); \
    if (WRITES(flags)) note_open(folder, path, flags, there, handle); \
    return handle

int open(const char *path, int flags, ...) {
    MODE REAL(open);
    OPENS(AT_FDCWD, path, flags, real(path, flags, mode));
}
int open64(const char *path, int flags, ...) {
    MODE REAL(open64);
    OPENS(AT_FDCWD, path, flags, real(path, flags, mode));
}
int openat(int folder, const char *path, int flags, ...) {
    MODE REAL(openat);
    OPENS(folder, path, flags, real(folder, path, flags, mode));
}
int openat64(int folder, const char *path, int flags, ...) {
    MODE REAL(openat64);
    OPENS(folder, path, flags, real(folder, path, flags, mode));
}
static int flags_of(const char *how) {
    int flags = *how == 'r' ? 0 : O_CREAT | (*how == 'w' ? O_TRUNC : 0);
    return flags | (*how != 'r' ? O_WRONLY : strchr(how, '+') ? O_RDWR : O_RDONLY);
}
#define FILES(path, how) \
    if (WRITES(flags_of(how)) && struck_path(AT_FDCWD, path, OPEN) == 1) return NULL; \
    int there = was_there(AT_FDCWD, path); \
    FILE *file = real(path, how); \
    if (file && WRITES(flags_of(how))) note_open(AT_FDCWD, path, flags_of(how), there, fileno(file)); \
    return file
FILE *fopen(const char *path, const char *how) {
    REAL(fopen);
    FILES(path, how);
}
FILE *fopen64(const char *path, const char *how) {
    REAL(fopen64);
    FILES(path, how);
}

#define CUT(struck, n) ((struck) == 2 && (n) > 1 ? (n) / 2 : (n))

ssize_t write(int handle, const void *from, size_t n) {
    REAL(write);
    int struck = struck_file(handle, WRITE);
    return struck == 1 ? -1 : note_write(handle, from, real(handle, from, CUT(struck, n)), -1);
}
ssize_t pwrite(int handle, const void *from, size_t n, off_t where) {
    REAL(pwrite);
    int struck = struck_file(handle, WRITE);
    return struck == 1 ? -1 : note_write(handle, from, real(handle, from, CUT(struck, n), where), where);
}
ssize_t pwrite64(int handle, const void *from, size_t n, off64_t where) {
    REAL(pwrite64);
    int struck = struck_file(handle, WRITE);
    return struck == 1 ? -1 : note_write(handle, from, real(handle, from, CUT(struck, n), where), where);
}
#define THEN_CONTENT(type, handle, call) \
    if (struck_file(handle, WRITE) == 1) return -1; \
    type done = (call); \
    note_content(handle); \
    return done
ssize_t writev(int handle, const struct iovec *parts, int n) {
    REAL(writev);
    THEN_CONTENT(ssize_t, handle, real(handle, parts, n));
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
    if (!file || !lost(file)) {
        int result = real(file);
        if (file) note_content(fileno(file));
        return result;
    }
    errno = state->error;
    return EOF;
}
int fclose(FILE *file) {
    REAL(fclose);
    int failed = lost(file), flags = fcntl(fileno(file), F_GETFL);
    int again = state && state->mode == LOG && flags >= 0 && WRITES(flags) ? dup(fileno(file)) : -1;
    int result = real(file);
    if (again >= 0) {
        note_content(again);
        syscall(SYS_close, again);
    }
    if (!failed) return result;
    errno = state->error;
    return EOF;
}
ssize_t sendfile(int out, int in, off_t *where, size_t n) {
    ssize_t (*real)(int, int, off_t *, size_t) = dlsym(RTLD_NEXT, "sendfile");
    THEN_CONTENT(ssize_t, out, real(out, in, where, n));
}
ssize_t sendfile64(int out, int in, off64_t *where, size_t n) {
    ssize_t (*real)(int, int, off64_t *, size_t) = dlsym(RTLD_NEXT, "sendfile64");
    THEN_CONTENT(ssize_t, out, real(out, in, where, n));
}
ssize_t copy_file_range(int in, off64_t *from, int out, off64_t *to, size_t n, unsigned flags) {
    REAL(copy_file_range);
    THEN_CONTENT(ssize_t, out, real(in, from, out, to, n, flags));
}

#define FLUSHES(name) int name(int handle) { \
    REAL(name); \
    return struck_file(handle, FLUSH) == 1 ? -1 : note_file('f', handle, 0, real(handle)); }
FLUSHES(fsync)
FLUSHES(fdatasync)

int ftruncate(int handle, off_t n) {
    REAL(ftruncate);
    return struck_file(handle, LENGTH) == 1 ? -1 : note_file('t', handle, n, real(handle, n));
}
int ftruncate64(int handle, off64_t n) {
    REAL(ftruncate64);
    return struck_file(handle, LENGTH) == 1 ? -1 : note_file('t', handle, n, real(handle, n));
}

#define NAMES(op, call, a, one, b, two) \
    return struck_path(b, two, NAME) == 1 ? -1 : note_names(op, a, one, b, two, (call))
int rename(const char *one, const char *two) {
    REAL(rename);
    NAMES('n', real(one, two), AT_FDCWD, one, AT_FDCWD, two);
}
int renameat(int a, const char *one, int b, const char *two) {
    REAL(renameat);
    NAMES('n', real(a, one, b, two), a, one, b, two);
}
int renameat2(int a, const char *one, int b, const char *two, unsigned flags) {
    REAL(renameat2);
    NAMES(flags & RENAME_EXCHANGE ? 'x' : 'n', real(a, one, b, two, flags), a, one, b, two);
}
int link(const char *one, const char *two) {
    REAL(link);
    NAMES('l', real(one, two), AT_FDCWD, one, AT_FDCWD, two);
}
int linkat(int a, const char *one, int b, const char *two, int flags) {
    REAL(linkat);
    NAMES('l', real(a, one, b, two, flags), a, one, b, two);
}
int unlink(const char *path) {
    REAL(unlink);
    NAMES('u', real(path), AT_FDCWD, NULL, AT_FDCWD, path);
}
int unlinkat(int folder, const char *path, int flags) {
    REAL(unlinkat);
    NAMES('u', real(folder, path, flags), folder, NULL, folder, path);
}
int rmdir(const char *path) {
    REAL(rmdir);
    NAMES('u', real(path), AT_FDCWD, NULL, AT_FDCWD, path);
}
int mkdir(const char *path, mode_t mode) {
    REAL(mkdir);
    NAMES('m', real(path, mode), AT_FDCWD, NULL, AT_FDCWD, path);
}
int mkdirat(int folder, const char *path, mode_t mode) {
    REAL(mkdirat);
    NAMES('m', real(folder, path, mode), folder, NULL, folder, path);
}
