/* transport_wanted.c: what a program without MPI has to know of it. */
#include "workers/transport_mpi.h"

#include "base/text.h"

#include <stdlib.h>

bool transport_mpi_wanted(void) {
    static const char *const sizes[] = {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE"}; /* Open MPI; MPICH, and srun for it */
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        const char *size = getenv(sizes[i]);
        long count;
        if (size && text_to_long(size, 2, 1 << 24, &count)) return true;
    }
    return false;
}
