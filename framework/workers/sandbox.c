/* sandbox.c: what seccomp, Landlock and capabilities forbid, as tables. */
#define _GNU_SOURCE /* syscall(), O_PATH */
#include "workers/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/landlock.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>
#include <seccomp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define VARIABLE "ASSAY_SANDBOX"

/* Of later Landlock versions than the header may know (Documentation/userspace-api/landlock.rst). */
#define FS_REFER (1ULL << 13)    /* ABI 2 */
#define FS_TRUNCATE (1ULL << 14) /* ABI 3 */
#define NET_TCP 3ULL             /* ABI 4: bind, connect */
#define SCOPE_ALL 3ULL           /* ABI 6: abstract sockets, signals */

struct landlock_ruleset {
    uint64_t files, network, scoped;
};

/* ---- What is there ---- */

static bool variable_is(const char *value) {
    const char *set = getenv(VARIABLE);
    return set && strcmp(set, value) == 0;
}

void sandbox_turn_off(void) {
    setenv(VARIABLE, "off", 1);
}

struct sandbox_state sandbox_state(void) {
    static const char *const texts[] = {"none", "landlock", "seccomp", "seccomp and landlock"};
    uint32_t action = SECCOMP_RET_ERRNO;
    if (variable_is("off")) return (struct sandbox_state){.off = true, .text = "off"};
    long abi =
        variable_is("seccomp") ? 0 : syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    struct sandbox_state s = {.seccomp = syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0,
                              .landlock = abi > 0 ? (int)abi : 0};
    s.text = texts[2 * s.seccomp + (s.landlock > 0)];
    return s;
}

void sandbox_hide(void) {
    struct sandbox_state s = sandbox_state();
    if (s.seccomp && !s.landlock) prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

/* ---- Capabilities ---- */

/* Of root; others have none. Files that root can read stay readable. */
static bool drop_capabilities(struct error *e) {
    const uint32_t kept = 1u << CAP_DAC_OVERRIDE | 1u << CAP_DAC_READ_SEARCH;
    struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];
    if (syscall(SYS_capget, &head, sets) != 0) return error_set(e, "capget: %s", strerror(errno));
    sets[0].effective &= kept;
    sets[0].permitted &= kept;
    sets[0].inheritable = 0;
    sets[1] = (struct __user_cap_data_struct){0};
    return syscall(SYS_capset, &head, sets) == 0 || error_set(e, "capset: %s", strerror(errno));
}

/* ---- Landlock ---- */

static uint64_t writing_rights(int abi) {
    uint64_t rights = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
                      LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
                      LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |
                      LANDLOCK_ACCESS_FS_MAKE_SYM;
    return rights | (abi >= 2 ? FS_REFER : 0) | (abi >= 3 ? FS_TRUNCATE : 0);
}

static bool allow(int ruleset, const char *path, uint64_t rights, struct error *e) {
    struct landlock_path_beneath_attr beneath = {.allowed_access = rights, .parent_fd = open(path, O_PATH | O_CLOEXEC)};
    if (beneath.parent_fd < 0) return error_set(e, "%s: %s", path, strerror(errno));
    bool ok = syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) == 0 ||
              error_set(e, "landlock: %s: %s", path, strerror(errno));
    close(beneath.parent_fd);
    return ok;
}

static bool forbid_writing(int abi, const char *scratch, struct error *e) {
    const uint64_t rights = writing_rights(abi);
    struct landlock_ruleset rules = {rights, abi >= 4 ? NET_TCP : 0, abi >= 6 ? SCOPE_ALL : 0};
    /* Older kernels know the first fields only. */
    size_t size = abi >= 6 ? sizeof rules : abi >= 4 ? 2 * sizeof(uint64_t) : sizeof(uint64_t);
    int ruleset = (int)syscall(SYS_landlock_create_ruleset, &rules, size, 0);
    if (ruleset < 0) return error_set(e, "landlock: %s", strerror(errno));
    bool ok = allow(ruleset, "/dev/null", LANDLOCK_ACCESS_FS_WRITE_FILE | (rights & FS_TRUNCATE), e) &&
              (!scratch || allow(ruleset, scratch, rights, e));
    if (ok && syscall(SYS_landlock_restrict_self, ruleset, 0) != 0) ok = error_set(e, "landlock: %s", strerror(errno));
    close(ruleset);
    return ok;
}

/* ---- seccomp ---- */

#define CALL(NAME) SCMP_SYS(NAME)
/* Of later kernels than the library knows; the same number everywhere (include/uapi/asm-generic/unistd.h). */
enum { FCHMODAT2 = 452, SETXATTRAT = 463, REMOVEXATTRAT = 466, FILE_SETATTR = 469 };

static const int forbidden[] = {
#ifndef __SANITIZE_ADDRESS__ /* which looks for leaks by tracing its own process */
    CALL(ptrace),
#endif
    /* network */
    CALL(socket), CALL(io_uring_setup), CALL(io_uring_enter), CALL(io_uring_register),
    /* what outlives a process */
    CALL(shmget), CALL(shmat), CALL(shmctl), CALL(semget), CALL(semop), CALL(semtimedop), CALL(semctl), CALL(msgget),
    CALL(msgsnd), CALL(msgrcv), CALL(msgctl), CALL(mq_open), CALL(mq_unlink), CALL(add_key), CALL(request_key),
    CALL(keyctl),
    /* other processes; a group that one kill does not end */
    CALL(process_vm_readv), CALL(process_vm_writev), CALL(process_madvise), CALL(pidfd_open), CALL(pidfd_getfd),
    CALL(pidfd_send_signal), CALL(kcmp), CALL(setsid), CALL(setpgid), CALL(setpriority), CALL(ioprio_set),
    CALL(sched_setscheduler), CALL(sched_setparam), CALL(sched_setattr), CALL(move_pages), CALL(migrate_pages),
    CALL(perf_event_open), CALL(bpf), CALL(userfaultfd), CALL(unshare), CALL(setns),
    /* what Landlock leaves free */
    CALL(chmod), CALL(fchmod), CALL(fchmodat), CALL(chown), CALL(fchown), CALL(lchown), CALL(fchownat), CALL(truncate),
    CALL(utime), CALL(utimes), CALL(futimesat), CALL(utimensat), CALL(setxattr), CALL(lsetxattr), CALL(fsetxattr),
    CALL(removexattr), CALL(lremovexattr), CALL(fremovexattr), CALL(mount), CALL(umount2), CALL(pivot_root),
    CALL(chroot), CALL(open_by_handle_at), CALL(quotactl), FCHMODAT2, SETXATTRAT, REMOVEXATTRAT, FILE_SETATTR,
    /* the machine */
    CALL(reboot), CALL(swapon), CALL(swapoff), CALL(sethostname), CALL(setdomainname), CALL(settimeofday),
    CALL(clock_settime), CALL(clock_adjtime), CALL(adjtimex), CALL(init_module), CALL(finit_module),
    CALL(delete_module), CALL(kexec_load), CALL(kexec_file_load), CALL(syslog), CALL(acct), CALL(vhangup)};

#define IOCTL_WRITES(TYPE) _IOC(_IOC_WRITE, TYPE, 0, 0)
#define IOCTL_KIND IOCTL_WRITES(0xff)

/* Forbidden where argument `which` compares so with `value` (the lower 32 bits of it, as the kernel sees an int). */
static const struct condition {
    int call;
    unsigned which;
    uint32_t mask, value;
} conditions[] = {
    {CALL(clone), 0, CLONE_NEWNS, CLONE_NEWNS},
    {CALL(clone), 0, CLONE_NEWUSER, CLONE_NEWUSER},
    {CALL(clone), 0, CLONE_NEWPID, CLONE_NEWPID},
    {CALL(clone), 0, CLONE_NEWNET, CLONE_NEWNET},
    {CALL(clone), 0, CLONE_NEWIPC, CLONE_NEWIPC},
    {CALL(clone), 0, CLONE_NEWUTS, CLONE_NEWUTS},
    {CALL(clone), 0, CLONE_NEWCGROUP, CLONE_NEWCGROUP},
    {CALL(clone), 0, CLONE_PARENT, CLONE_PARENT},
    /* signals by way of a file's owner */
    {CALL(fcntl), 1, UINT32_MAX, F_SETOWN},
    {CALL(fcntl), 1, UINT32_MAX, F_SETOWN_EX},
    {CALL(fcntl), 1, UINT32_MAX, F_SETSIG},
    {CALL(ioctl), 1, UINT32_MAX, FIOSETOWN},
    {CALL(ioctl), 1, UINT32_MAX, SIOCSPGRP},
    /* who opens a file that is leased waits, up to 45 s (fcntl(2)) */
    {CALL(fcntl), 1, UINT32_MAX, F_SETLEASE},
    /* flags of a file that is open for reading: FS_IOC_SETFLAGS, FS_IOC_FSSETXATTR, FS_IOC_ENABLE_VERITY and others */
    {CALL(ioctl), 1, IOCTL_KIND, IOCTL_WRITES('f')},
    {CALL(ioctl), 1, IOCTL_KIND, IOCTL_WRITES('X')},
    /* the user's terminal, which opens for reading: typing on it, its modes, its size */
    {CALL(ioctl), 1, UINT32_MAX, TIOCSTI},
    {CALL(ioctl), 1, UINT32_MAX, TCSETS},
    {CALL(ioctl), 1, UINT32_MAX, TCSETSW},
    {CALL(ioctl), 1, UINT32_MAX, TCSETSF},
    {CALL(ioctl), 1, UINT32_MAX, TCSETA},
    {CALL(ioctl), 1, UINT32_MAX, TCSETAW},
    {CALL(ioctl), 1, UINT32_MAX, TCSETAF},
    {CALL(ioctl), 1, UINT32_MAX, TCXONC},
    {CALL(ioctl), 1, UINT32_MAX, TCFLSH},
    {CALL(ioctl), 1, UINT32_MAX, TIOCEXCL},
    {CALL(ioctl), 1, UINT32_MAX, TIOCSWINSZ},
    {CALL(ioctl), 1, UINT32_MAX, TIOCSETD},
    {CALL(ioctl), 1, IOCTL_KIND, IOCTL_WRITES('T')}, /* TCSETS2 and others */
    /* outliving a parent that is killed */
    {CALL(prctl), 0, UINT32_MAX, PR_SET_PDEATHSIG},
    /* Landlock before ABI 3 asks for no right to cut a file that is opened for reading. */
    {CALL(open), 1, O_TRUNC | O_ACCMODE, O_TRUNC},
    {CALL(openat), 2, O_TRUNC | O_ACCMODE, O_TRUNC},
};

/* Signals to a process of another number than this; where Landlock scopes signals they reach what this one started. */
static const int signalling[] = {CALL(kill), CALL(tgkill), CALL(rt_sigqueueinfo), CALL(rt_tgsigqueueinfo)};

/* 0, or a negative errno. */
static int fill_filter(scmp_filter_ctx filter, bool scoped) {
    int bad = 0;
    for (size_t i = 0; !bad && i < sizeof forbidden / sizeof *forbidden; i++)
        bad = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), forbidden[i], 0);
    for (size_t i = 0; !bad && i < sizeof conditions / sizeof *conditions; i++) {
        const struct condition *c = &conditions[i];
        bad = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), c->call, 1,
                               SCMP_CMP64(c->which, SCMP_CMP_MASKED_EQ, c->mask, c->value));
    }
    for (size_t i = 0; !bad && !scoped && i < sizeof signalling / sizeof *signalling; i++)
        bad = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), signalling[i], 1,
                               SCMP_CMP32(0, SCMP_CMP_NE, (uint32_t)getpid()));
    if (!bad && !scoped) bad = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), CALL(tkill), 0);
    /* Limits of other processes; those of its own it cannot raise. */
    if (!bad) bad = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), CALL(prlimit64), 1, SCMP_CMP32(0, SCMP_CMP_NE, 0));
    /* Processors of other processes, which keep them when the run is over. */
    if (!bad)
        bad =
            seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), CALL(sched_setaffinity), 1, SCMP_CMP32(0, SCMP_CMP_NE, 0));
    /* Its flags are in memory, where no filter sees them: the C library falls back to clone(). */
    return bad ? bad : seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), CALL(clone3), 0);
}

static bool forbid_calls(bool scoped, struct error *e) {
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    if (!filter) return error_memory(e);
    int bad = fill_filter(filter, scoped);
    if (!bad) bad = seccomp_load(filter);
    seccomp_release(filter);
    return !bad || error_set(e, "seccomp: %s", strerror(-bad));
}

bool sandbox_enter(const char *scratch, struct error *e) {
    struct sandbox_state s = sandbox_state();
    if (!s.seccomp && !s.landlock) return true;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return error_set(e, "no_new_privs: %s", strerror(errno));
    return drop_capabilities(e) && (!s.landlock || forbid_writing(s.landlock, scratch, e)) &&
           (!s.seccomp || forbid_calls(s.landlock >= 6, e));
}
