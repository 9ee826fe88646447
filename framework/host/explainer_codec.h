/* explainer_codec.h: what explainers say of themselves on its way from the child process that read their tables to the
 * parent: JSON, which cannot hold a pointer, and whose reader (jansson) takes valid UTF-8 alone. */
#ifndef ASSAY_HOST_EXPLAINER_CODEC_H
#define ASSAY_HOST_EXPLAINER_CODEC_H

#include "host/explainer_info.h"

#include <stddef.h>

/* In the child: *text is the caller's; `about` may be NULL. Follows the pointers of the tables wherever they lead.
 * False with the reason: more explainers, parameters or choices than explainer_info.h allows, a table `about` that is
 * about something else, or out of memory. Texts that are too long or no UTF-8 are left out; the check then finds them
 * missing. */
bool explainer_encode(const assay_explainer_info *const *info, uint32_t count, const assay_about_table *about,
                      char **text, struct error *);

/* In the parent, of bytes that foreign code may have written: checks the form and every number's range, copies, and
 * holds the copies to explainer_info_check. */
bool explainer_decode(const char *bytes, size_t size, struct explainer_info_list *out, struct error *);

#endif
