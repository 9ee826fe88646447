/* shm-sysv: leaves System V shared memory, a semaphore and a message queue behind. */
#include "hostile.h"

#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>

static assay_status attribute(const struct call *c) {
    shmget((key_t)0x0a55a155, 4096, IPC_CREAT | 0600);
    semget((key_t)0x0a55a155, 1, IPC_CREAT | 0600);
    msgget((key_t)0x0a55a155, IPC_CREAT | 0600);
    return honest(c);
}

static const struct hostile hostile = {.attribute = attribute};
