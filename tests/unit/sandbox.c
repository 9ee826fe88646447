/* What a process that runs a plugin may not do, and what it still may. */
#define _GNU_SOURCE
#include "workers/sandbox.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/shared.h"
#include "base/text.h"
#include "workers/child.h"
#include "workers/isolate.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

/* ---- Attempts: 0, or the errno ---- */

static char victim[] = "/tmp/assay-sandbox-XXXXXX"; /* a file that is not the plugin's */
static pid_t bystander;                             /* a process that is not the plugin's */
static int held;                                    /* the parent's descriptor of the file */
static int queue, semaphores;                       /* the user's */
static const char *terminal;                        /* the user's, whose other end is `master` */
static int master;

static int outcome(long result) {
    return result < 0 ? errno : 0;
}
static int write_file(void) {
    return outcome(open(victim, O_WRONLY));
}
static int cut_file(void) {
    return outcome(open(victim, O_RDONLY | O_TRUNC));
}
static int remove_file(void) {
    return outcome(unlink(victim));
}
static int make_file(void) {
    return outcome(open("/tmp/assay-sandbox-new", O_WRONLY | O_CREAT, 0600));
}
static int change_mode(void) {
    return outcome(chmod(victim, 0));
}
static int change_mode_anew(void) {
    return outcome(syscall(452, AT_FDCWD, victim, 0, 0)); /* fchmodat2 */
}
static int read_file(void) {
    return outcome(open(victim, O_RDONLY));
}
static int use_scratch(void) {
    char *path = text_format("%s/x", getenv("TMPDIR")), *other = text_format("%s/y", getenv("TMPDIR"));
    int fd = open(path, O_RDWR | O_CREAT, 0600);
    if (fd < 0 || write(fd, "x", 1) != 1 || rename(path, other) != 0 || mkdir(path, 0) != 0) return errno;
    return 0;
}
static int use_null(void) {
    return outcome(open("/dev/null", O_RDWR));
}
static int open_socket(void) {
    return outcome(socket(AF_INET, SOCK_STREAM, 0));
}
static int open_unix_socket(void) {
    return outcome(socket(AF_UNIX, SOCK_STREAM, 0));
}
static int share_system_v(void) {
    return outcome(shmget(IPC_PRIVATE, 4096, 0600));
}
static int remove_queue(void) {
    return outcome(msgctl(queue, IPC_RMID, NULL));
}
static int remove_semaphores(void) {
    return outcome(semctl(semaphores, 0, IPC_RMID));
}
static int share_posix(void) {
    return outcome(shm_open("/assay-sandbox", O_RDWR | O_CREAT, 0600));
}
static int signal_bystander(void) {
    return outcome(kill(bystander, SIGTERM));
}
static int signal_parent(void) {
    return outcome(kill(getppid(), 0));
}
static int limit_parent(void) {
    return outcome(syscall(SYS_prlimit64, getppid(), RLIMIT_CPU, &(struct rlimit){1000, 1000}, NULL));
}
static int bind_parent(void) {
    cpu_set_t set;
    sched_getaffinity(0, sizeof set, &set);
    return outcome(sched_setaffinity(getppid(), sizeof set, &set));
}
static int bind_itself(void) {
    cpu_set_t set;
    sched_getaffinity(0, sizeof set, &set);
    return outcome(sched_setaffinity(0, sizeof set, &set));
}
static int outlive_parent(void) {
    return outcome(prctl(PR_SET_PDEATHSIG, 0));
}
static int lease_file(void) {
    return outcome(fcntl(open(victim, O_RDONLY), F_SETLEASE, F_RDLCK));
}
static int change_flags(void) {
    long flags = FS_NOATIME_FL;
    return outcome(ioctl(open(victim, O_RDONLY), FS_IOC_SETFLAGS, &flags));
}
static int change_attributes(void) {
    struct fsxattr attributes = {.fsx_xflags = FS_XFLAG_NOATIME};
    return outcome(ioctl(open(victim, O_RDONLY), FS_IOC_FSSETXATTR, &attributes));
}
static int resize_terminal(void) {
    return outcome(ioctl(open(terminal, O_RDONLY | O_NOCTTY), TIOCSWINSZ, &(struct winsize){.ws_row = 1}));
}
static int change_terminal(void) {
    struct termios modes = {0};
    int fd = open(terminal, O_RDONLY | O_NOCTTY);
    return tcgetattr(fd, &modes) == 0 ? outcome(tcsetattr(fd, TCSANOW, &modes)) : errno;
}
static int trace_parent(void) {
    return outcome(ptrace(PTRACE_ATTACH, getppid(), NULL, NULL));
}
static int look_into_parent(void) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/mem", (int)getppid());
    return outcome(open(path, O_RDWR));
}
static int look_into_bystander(void) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/mem", (int)bystander);
    return outcome(open(path, O_RDWR));
}
static int open_parents_file(void) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)getppid(), held);
    return outcome(open(path, O_RDONLY));
}
static int leave_group(void) {
    return outcome(setpgid(0, 0));
}
static int make_namespace(void) {
    return outcome(syscall(SYS_clone, 0x10000000 | SIGCHLD, NULL, NULL, NULL, NULL));
}
static int raise_limit(void) {
    struct rlimit now;
    getrlimit(RLIMIT_FSIZE, &now);
    now.rlim_cur = now.rlim_max = 2 * now.rlim_max;
    return outcome(setrlimit(RLIMIT_FSIZE, &now));
}
static void *nothing(void *x) {
    return x;
}
static int start_thread(void) {
    pthread_t thread;
    int bad = pthread_create(&thread, NULL, nothing, NULL);
    return bad ? bad : pthread_join(thread, NULL);
}
static int start_process(void) {
    int status = 1;
    pid_t pid = fork();
    if (pid == 0) _exit(0);
    return waitpid(pid, &status, 0) == pid && status == 0 ? 0 : ECHILD;
}
static int start_program(void) {
    return system("exit 3") == 3 << 8 ? 0 : ENOEXEC;
}
static int signal_itself(void) {
    return outcome(kill(getpid(), 0));
}
static int hold_much_memory(void) {
    return mmap(NULL, (size_t)1 << 36, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? errno : 0;
}
static int open_many_files(void) {
    for (int i = 0; i < 1000; i++)
        if (open("/dev/null", O_RDONLY) < 0) return errno;
    return 0;
}
static int find_descriptors(void) {
    for (int fd = 4; fd < 1024; fd++)
        if (fcntl(fd, F_GETFD) >= 0) return fd;
    return 0;
}
static int read_input(void) {
    char byte;
    return read(STDIN_FILENO, &byte, 1) == 0 ? 0 : EIO;
}

enum need { ALWAYS, SECCOMP, LANDLOCK };

static const struct attempt {
    const char *name;
    int (*make)(void);
    enum need need; /* what forbids it */
    int error;
} attempts[] = {
    {"write_file", write_file, LANDLOCK, EACCES},
    {"cut_file", cut_file, SECCOMP, EPERM},
    {"remove_file", remove_file, LANDLOCK, EACCES},
    {"make_file", make_file, LANDLOCK, EACCES},
    {"change_mode", change_mode, SECCOMP, EPERM},
    {"change_mode_anew", change_mode_anew, SECCOMP, EPERM},
    {"open_socket", open_socket, SECCOMP, EPERM},
    {"open_unix_socket", open_unix_socket, SECCOMP, EPERM},
    {"share_system_v", share_system_v, SECCOMP, EPERM},
    {"remove_queue", remove_queue, SECCOMP, EPERM},
    {"remove_semaphores", remove_semaphores, SECCOMP, EPERM},
    {"bind_parent", bind_parent, SECCOMP, EPERM},
    {"bind_itself", bind_itself, ALWAYS, 0},
    {"outlive_parent", outlive_parent, SECCOMP, EPERM},
    {"lease_file", lease_file, SECCOMP, EPERM},
    {"change_flags", change_flags, SECCOMP, EPERM},
    {"change_attributes", change_attributes, SECCOMP, EPERM},
    {"resize_terminal", resize_terminal, SECCOMP, EPERM},
    {"change_terminal", change_terminal, SECCOMP, EPERM},
    {"share_posix", share_posix, LANDLOCK, EACCES},
    {"signal_bystander", signal_bystander, SECCOMP, EPERM},
    {"signal_parent", signal_parent, SECCOMP, EPERM},
    {"limit_parent", limit_parent, SECCOMP, EPERM},
    {"trace_parent", trace_parent, SECCOMP, EPERM},
    {"look_into_parent", look_into_parent, SECCOMP, EACCES},
    {"look_into_bystander", look_into_bystander, SECCOMP, EACCES},
    {"open_parents_file", open_parents_file, SECCOMP, EACCES},
    {"leave_group", leave_group, SECCOMP, EPERM},
    {"make_namespace", make_namespace, SECCOMP, EPERM},
    {"raise_limit", raise_limit, ALWAYS, EPERM},
    {"hold_much_memory", hold_much_memory, ALWAYS, ENOMEM},
    {"open_many_files", open_many_files, ALWAYS, EMFILE},
    {"read_file", read_file, ALWAYS, 0},
    {"use_scratch", use_scratch, ALWAYS, 0},
    {"use_null", use_null, ALWAYS, 0},
    {"signal_itself", signal_itself, ALWAYS, 0},
    {"start_thread", start_thread, ALWAYS, 0},
    {"start_process", start_process, ALWAYS, 0},
    {"start_program", start_program, ALWAYS, 0},
    {"find_descriptors", find_descriptors, ALWAYS, 0},
    {"read_input", read_input, ALWAYS, 0},
};
#define ATTEMPTS (sizeof attempts / sizeof *attempts)

static bool make_attempt(void *user, int fd) {
    const struct attempt *a = user;
    int error = a->make();
    isolate_write(fd, &error, sizeof error);
    return true;
}

static int attempt(const struct attempt *a) {
    struct error e = {{0}};
    char *out = NULL;
    size_t size = 0;
    int error = -1;
    cr_assert(isolate_run(make_attempt, (void *)a, 10, &out, &size, &e), "%s: %s", a->name, e.text);
    cr_assert_eq(size, sizeof error);
    memcpy(&error, out, sizeof error);
    free(out);
    return error;
}

static void open_stage(void) {
    char text[] = "a file";
    struct child_adoption adoption;
    held = mkstemp(victim);
    cr_assert(held >= 0 && write(held, text, sizeof text) == sizeof text);
    queue = msgget(IPC_PRIVATE, 0600);
    semaphores = semget(IPC_PRIVATE, 1, 0600);
    master = posix_openpt(O_RDWR | O_NOCTTY);
    cr_assert(queue >= 0 && semaphores >= 0);
    terminal = master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0 ? ptsname(master) : NULL;
    if (!terminal) cr_log_info("skipped: attempts on terminals, as this system has none (/dev/pts)");
    child_adopt(&adoption); /* as before the first worker */
    bystander = fork();
    if (bystander == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves no process */
        for (;;) pause();
    }
}

static void close_stage(void) {
    struct stat status;
    int how;
    cr_expect(stat(victim, &status) == 0 && status.st_size == 7, "the file is as it was");
    cr_expect_eq(waitpid(bystander, &how, WNOHANG), 0, "the process lives");
    kill(bystander, SIGKILL);
    waitpid(bystander, &how, 0);
    cr_expect_eq(msgctl(queue, IPC_RMID, NULL), 0, "the queue is there");
    cr_expect_eq(semctl(semaphores, 0, IPC_RMID), 0, "the semaphores are there");
    if (master >= 0) close(master);
    unlink(victim);
    unlink("/tmp/assay-sandbox-new");
    shm_unlink("/assay-sandbox");
}

static void check_attempts(void) {
    struct sandbox_state s = sandbox_state();
    for (size_t i = 0; i < ATTEMPTS; i++) {
        const struct attempt *a = &attempts[i];
#ifdef __SANITIZE_ADDRESS__
        if (a->make == hold_much_memory) continue;
#endif
        if ((a->need == SECCOMP && !s.seccomp) || (a->need == LANDLOCK && !s.landlock)) continue;
        if ((a->make == resize_terminal || a->make == change_terminal) && !terminal) continue;
        /* Root may raise limits where no sandbox takes its capabilities. */
        if (a->make == raise_limit && !s.seccomp && !s.landlock) continue;
        int error = attempt(a);
        cr_expect_eq(error, a->error, "%s under %s: %s", a->name, s.text, strerror(error));
    }
}

Test(sandbox, forbids_and_allows, .timeout = 60) {
    unsetenv("ASSAY_SANDBOX");
    open_stage();
    check_attempts();
    close_stage();
}

/* On kernels without Landlock, or with one that knows nothing of signals. */
Test(sandbox, without_landlock_too, .timeout = 60) {
    setenv("ASSAY_SANDBOX", "seccomp", 1);
    open_stage();
    cr_expect_str_eq(sandbox_state().text, sandbox_state().seccomp ? "seccomp" : "none");
    check_attempts();
    close_stage();
}

Test(sandbox, can_be_turned_off) {
    const struct attempt socket_opens = {"open_socket", open_socket, ALWAYS, 0};
    const struct attempt space_opens = {"hold_much_memory", hold_much_memory, ALWAYS, 0};
    sandbox_turn_off();
    cr_expect(sandbox_state().off && strcmp(sandbox_state().text, "off") == 0);
    cr_expect(!sandbox_state().seccomp && !sandbox_state().landlock);
    cr_expect_eq(attempt(&socket_opens), 0);
    cr_expect_eq(attempt(&space_opens), 0);
}

/* ---- What it leaves behind ---- */

static bool tell_scratch(void *user, int fd) {
    (void)user;
    const char *folder = getenv("TMPDIR");
    char *inner = text_format("%s/a", folder), *deep = text_format("%s/a/b", folder);
    mkdir(inner, 0700);
    int file = open(deep, O_WRONLY | O_CREAT, 0);
    bool elsewhere = symlink(victim, "x") == 0;
    /* Deeper than a path can name, and with a folder that opens for nobody at its end. */
    char name[201] = "";
    memset(name, 'x', sizeof name - 1);
    bool went = chdir(folder) == 0;
    for (int depth = 0; went && depth < 60; depth++) went = mkdir(name, 0700) == 0 && chdir(name) == 0;
    if (!went || mkdir("closed", 0) != 0) return false;
    isolate_write(fd, folder, strlen(folder));
    return file >= 0 && !elsewhere;
}

Test(sandbox, the_scratch_folder_goes_with_its_process) {
    struct error e = {{0}};
    char *folder = NULL;
    size_t size;
    open_stage();
    cr_assert(isolate_run(tell_scratch, NULL, 10, &folder, &size, &e), "%s", e.text);
    cr_expect(size > 0 && access(folder, F_OK) != 0, "%s is left", folder);
    free(folder);
    close_stage();
}

/* Where there is no owner any more: that of a program that was killed goes, and nothing else does. */
static char *killed_owner(void) {
    int ends[2];
    char path[200] = "";
    cr_assert_eq(pipe(ends), 0);
    pid_t owner = fork();
    if (owner == 0) {
        struct scratch_folder s = scratch_folder_create();
        char *inner = text_format("%s/a", s.path ? s.path : "");
        bool told = mkdir(inner, 0700) == 0 && write(ends[1], s.path, strlen(s.path) + 1) > 0;
        while (told) pause();
        _exit(1);
    }
    cr_assert_gt(read(ends[0], path, sizeof path - 1), 0);
    close(ends[0]);
    close(ends[1]);
    kill(owner, SIGKILL);
    waitpid(owner, NULL, 0);
    return text_copy(path);
}

Test(sandbox, folders_of_killed_programs_are_swept, .timeout = 30) {
    char stage[] = "/tmp/assay-sandbox-XXXXXX";
    /* Of its own: nothing of other programs is touched, whatever the test proves. */
    cr_assert(mkdtemp(stage) && setenv("TMPDIR", stage, 1) == 0);
    char *left = killed_owner(), *file, *link, *other = text_format("%s/assay-scratch-other", stage);
    struct scratch_folder mine = scratch_folder_create();
    cr_assert(other && mkdir(other, 0700) == 0);
    cr_assert(mine.path && mine.lock >= 0 && left);
    file = text_format("%s-file", left);
    link = text_format("%s-link", left);
    int fd = open(file, O_WRONLY | O_CREAT, 0600);
    cr_assert(fd >= 0 && symlink(mine.path, link) == 0);
    close(fd);
    cr_expect_eq(access(left, F_OK), 0);
    scratch_folder_sweep();
    cr_expect(access(left, F_OK) != 0, "%s is left", left);
    cr_expect_eq(access(mine.path, F_OK), 0, "one that has an owner");
    cr_expect_eq(access(other, F_OK), 0, "one of a program that does not lock");
    cr_expect_eq(access(file, F_OK), 0, "no folder");
    cr_expect_eq(access(link, F_OK), 0, "a link to one");
    unlink(file);
    unlink(link);
    char *path = text_copy(mine.path);
    scratch_folder_remove(&mine);
    cr_expect(access(path, F_OK) != 0);
    rmdir(other);
    cr_expect_eq(rmdir(stage), 0, "something is left in %s", stage);
    free(path);
    free(left);
    free(file);
    free(link);
    free(other);
}

static bool leave_children(void *user, int fd) {
    (void)user;
    for (int i = 0; i < 20; i++) {
        if (fork() != 0) continue;
        setsid();
        if (fork() == 0)
            for (;;) pause();
        _exit(0);
    }
    (void)fd;
    return true;
}

Test(sandbox, no_process_outlives_it_with_or_without, .timeout = 30) {
    for (int off = 0; off < 2; off++) {
        struct error e = {{0}};
        char *out = NULL;
        size_t size;
        if (off) sandbox_turn_off();
        cr_assert(isolate_run(leave_children, NULL, 10, &out, &size, &e), "%s", e.text);
        free(out);
        cr_expect(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD, "a process is left");
    }
}

/* ---- Limits ---- */

static bool burn(void *user, int fd) {
    volatile unsigned k = 0;
    (void)user;
    (void)fd;
    setrlimit(RLIMIT_CPU, &(struct rlimit){1, 1}); /* lower than what it has: a second is enough here */
    for (;;) k++;
    return true;
}

static bool fill_file(void *user, int fd) {
    char *path = text_format("%s/large", getenv("TMPDIR"));
    int file = open(path, O_WRONLY | O_CREAT, 0600);
    (void)user;
    (void)fd;
    return ftruncate(file, (off_t)300 << 20) == 0;
}

Test(sandbox, what_passes_a_limit_ends_with_its_name) {
    struct error e = {{0}};
    char *out = NULL;
    size_t size;
    cr_expect_not(isolate_run(burn, NULL, 20, &out, &size, &e));
    cr_expect(strstr(e.text, "was killed by SIGXCPU") || strstr(e.text, "was killed by SIGKILL"), "%s", e.text);
    cr_expect_not(isolate_run(fill_file, NULL, 20, &out, &size, &e));
    cr_expect(strstr(e.text, "was killed by SIGXFSZ"), "%s", e.text);
}

/* ---- Shared memory that is mapped for reading ---- */

static bool make_writable(void *user, int fd) {
    void *const *memory = user;
    int result[2] = {outcome(mprotect(*memory, shared_page(), PROT_READ | PROT_WRITE)), 0};
    char path[100], line[300];
    FILE *maps = fopen("/proc/self/maps", "r");
    while (maps && fgets(line, sizeof line, maps)) { /* another way to the same file */
        char range[64];
        if (!strstr(line, "memfd:assay") || sscanf(line, "%60s", range) != 1) continue;
        snprintf(path, sizeof path, "/proc/self/map_files/%s", range);
        result[1] = outcome(open(path, O_RDWR));
    }
    if (maps) fclose(maps);
    isolate_write(fd, result, sizeof result);
    return true;
}

Test(sandbox, shared_memory_for_reading_stays_so) {
    struct shared_file file;
    struct error e = {{0}};
    char *out = NULL;
    size_t size;
    int result[2];
    cr_assert(shared_file_create(4 * shared_page(), &file, &e), "%s", e.text);
    char *own = shared_file_map(&file, 0, shared_page(), true, &e);
    void *memory = shared_file_map(&file, 0, shared_page(), false, &e);
    cr_assert(own && memory, "%s", e.text);
    own[5] = 'x';
    cr_expect_eq(((const char *)memory)[5], 'x', "the same memory");
    cr_assert(isolate_run(make_writable, &memory, 10, &out, &size, &e) && size == sizeof result, "%s", e.text);
    memcpy(result, out, sizeof result);
    cr_expect_eq(result[0], EACCES, "%s", strerror(result[0]));
    cr_expect_neq(result[1], 0, "opened again");
    free(out);
    shared_destroy(own, shared_page());
    shared_destroy(memory, shared_page());
    shared_file_close(&file);
}
