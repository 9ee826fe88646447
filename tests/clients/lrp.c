/* LRP-epsilon by a program in C that speaks docs/protocol.md: a rule for each operator, by its role. */
#include "client.h"

/* The keys of `propagate`: rules in the order of the answer to `operators`. */
static void write_rules(const char *operators, char *keys, size_t size) {
    size_t used = (size_t)snprintf(keys, size, "\"op\":\"propagate\",\"start\":\"logit\",\"rules\":[");
    const char *mark = "\"role\":\"", *comma = "";
    for (const char *at = operators; (at = strstr(at, mark)) && used < size; comma = ",") {
        at += strlen(mark);
        const char *rule = strncmp(at, "layer", 5) == 0 || strncmp(at, "linear", 6) == 0 ? "[\"epsilon\",0.000001]"
                           : strncmp(at, "rectifier", 9) == 0 || strncmp(at, "pointwise", 9) == 0 ? "\"pass\""
                                                                                                  : "null";
        used += (size_t)snprintf(keys + used, size - used, "%s%s", comma, rule);
    }
    if (used < size) snprintf(keys + used, size - used, "]");
}

static int explain(const struct request *request) {
    static char operators[LINE_MAX_BYTES], keys[LINE_MAX_BYTES / 2];
    fprintf(out, "{\"type\":\"call\",\"id\":0,\"op\":\"operators\"}\n");
    fflush(out);
    if (!read_line(operators) || !strstr(operators, "\"type\":\"answer\"")) return 0;
    write_rules(operators, keys, sizeof keys);
    return pass_on(request, keys);
}

int main(void) {
    return serve("\"name\":\"LRP in C\",\"claims\":[\"input-multiplier\"]", explain);
}
