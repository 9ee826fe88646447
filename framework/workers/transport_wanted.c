/* transport_wanted.c: what a program without MPI has to know of it. */
#include "workers/transport_mpi.h"

#include "base/text.h"

#include <stdlib.h>

bool transport_mpi_wanted(void) {
    const char *size = getenv("OMPI_COMM_WORLD_SIZE");
    long count;
    return size && text_to_long(size, 2, 1 << 24, &count);
}
