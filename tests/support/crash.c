/* A preloaded library (LD_PRELOAD) that ends or halts the process where GDAL opens the file named by
   CRASH_FILE: as a decoder does that a damaged file breaks. CRASH_HOW is the number of a signal, "hang", or
   "exit" for a library that ends the process by itself. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

FILE *fopen64(const char *path, const char *mode) {
    const char *name = getenv("CRASH_FILE"), *how = getenv("CRASH_HOW"), *last = strrchr(path, '/');
    if (name && how && strcmp(last ? last + 1 : path, name) == 0) {
        if (strcmp(how, "hang") == 0)
            for (;;) pause();
        if (strcmp(how, "exit") == 0) exit(1);
        signal(atoi(how), SIG_DFL);
        raise(atoi(how));
    }
    FILE *(*real)(const char *, const char *) = (FILE *(*)(const char *, const char *))dlsym(RTLD_NEXT, "fopen64");
    return real(path, mode);
}
