/* csv_options.h: what stands behind the path of a CSV file: "csv:FILE,label=a,label=b,ignore=c". */
#ifndef ASSAY_DATA_CSV_OPTIONS_H
#define ASSAY_DATA_CSV_OPTIONS_H

/* They separate columns, too, where several are asked for: "a,label=b". */
#define CSV_LABEL_OPTION ",label="
#define CSV_IGNORE_OPTION ",ignore="

#endif
