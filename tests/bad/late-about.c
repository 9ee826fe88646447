/* late-about: a table of a later version than the host knows, at an address where nothing is: it is left unread. */
#include "honest.h"

const assay_about_table assay_about_entry = {ASSAY_ABOUT_VERSION + 1, 1, (const assay_about *const *)16};

HONEST_PLUGIN("late-about", honest);
