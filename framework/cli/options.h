/* options.h: a command's options and operand as a table. Parsing, --help and the suggestion for a misspelt name are all
 * made from the same table, so what is documented is what is accepted. */
#ifndef ASSAY_CLI_OPTIONS_H
#define ASSAY_CLI_OPTIONS_H

#include "base/error.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CLI_OPTIONS_MAX 32
#define CLI_OPERANDS_MAX 3
#define CLI_MANY_MAX 64 /* values of an option that may be given again and again */

enum cli_kind {
    CLI_FLAG, /* present or not */
    CLI_TEXT,
    CLI_CHOICE,  /* one of `choices` */
    CLI_INTEGER, /* whole, in [min, max] */
    CLI_NUMBER,  /* finite, in [min, max] */
    CLI_SEED     /* any 64-bit unsigned number */
};

struct cli_option {
    const char *name; /* long name, without the dashes */
    char letter;      /* short name, or 0 */
    enum cli_kind kind;
    const char *value; /* what --help calls the value: "FILE"; NULL for a flag */
    const char *summary;
    const char *fallback; /* the value when the option is absent, or NULL: none */
    bool required;
    bool many;                  /* CLI_TEXT: may be given several times */
    double min, max;            /* CLI_INTEGER, CLI_NUMBER */
    const char *const *choices; /* CLI_CHOICE: NULL-terminated */
};

/* The value of the option of the same place in the table. */
struct cli_value {
    bool given;       /* on the command line */
    const char *text; /* as written, or the fallback, or NULL; borrowed from argv or the table */
    long integer;
    double number;
    uint64_t seed;
};

struct cli_values {
    const char *operand;                    /* the first */
    const char *operands[CLI_OPERANDS_MAX]; /* all, in order */
    size_t operand_count;
    struct cli_value option[CLI_OPTIONS_MAX];
    const char
        *many[CLI_MANY_MAX];      /* every value of options or the operand that may be given several times, in order */
    size_t many_of[CLI_MANY_MAX]; /* of which option each is */
    size_t many_count;
};

struct cli_context;

struct cli_command {
    const char *name;
    const char *operand; /* "BATTERY", "RUN EXPLAINER", "[WHAT]" where it may be left out, "RUN RUN..." of two or more;
                          * NULL: it takes none. Of "...", all are in `many` too, and no option may be given again. */
    const char *summary; /* one line */
    const char *details; /* more lines for --help, or NULL */
    const struct cli_option *options;
    size_t option_count; /* <= CLI_OPTIONS_MAX */
    /* Does the work and returns the exit status (cli.h); when *e has text, it is the reason. */
    int (*run)(const struct cli_context *, const struct cli_values *, struct error *e);
};

enum cli_parsed { CLI_PARSED, CLI_HELP, CLI_VERSION, CLI_INVALID };

/* Reads the arguments behind the command's name. `--name VALUE`, `--name=VALUE`, `-x VALUE`, `-xVALUE`; `--` ends the
 * options. The first --help or --version wins over whatever stands behind it. An option given twice is an error,
 * but for the one that may. */
enum cli_parsed cli_parse(const struct cli_command *, int count, char *const *arguments, struct cli_values *,
                          struct error *);

/* The values of that option in their order, as many as there are: out[CLI_MANY_MAX]. */
size_t cli_values_of(const struct cli_values *, size_t option, const char *out[CLI_MANY_MAX]);

/* Option `i` in the order of --help: the command's own, then --help and --version, which every command has; NULL behind
 * the last. */
const struct cli_option *cli_option_at(const struct cli_command *, size_t i);

/* In lines of at most `width` columns. */
void cli_help(const struct cli_command *, size_t width, struct text *out);
/* `commands` ends with NULL. */
void cli_overview(const struct cli_command *const *commands, size_t width, struct text *out);

#endif
