/* location.h: where something stands in a battery, or in the settings of the command line, for messages. */
#ifndef ASSAY_BATTERY_LOCATION_H
#define ASSAY_BATTERY_LOCATION_H

#include "base/error.h"

struct location {
    unsigned line, column; /* counted from 1; line 0: the setting of the command line with that number, 0: nowhere */
};

/* Puts "PATH:LINE:COLUMN: " or "--set KEY=VALUE: " before the text that is there, and returns false. */
bool location_prefix(const char *path, const char *const *settings, struct location, struct error *);

#endif
