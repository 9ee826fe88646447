/* recurrent.h: what LSTM nodes of ours have beside ONNX's attributes. */
#ifndef ASSAY_NN_OPS_RECURRENT_H
#define ASSAY_NN_OPS_RECURRENT_H

/* 1: the output are the cells of all steps, of which the loader makes Y_c, in place of the states. */
#define RECURRENT_CELLS "assay_cells"

#endif
