/* transport_mpi.h: MPI, where the program was built with it: the symbol is weak, and its address NULL without. */
#ifndef ASSAY_WORKERS_TRANSPORT_MPI_H
#define ASSAY_WORKERS_TRANSPORT_MPI_H

#include "workers/transport.h"

extern const struct transport_kind transport_mpi __attribute__((weak));

/* Whether mpirun of Open MPI started this process as one of several; also without MPI. */
bool transport_mpi_wanted(void);

#endif
