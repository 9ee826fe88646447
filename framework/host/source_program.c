/* Explainers that are programs: each job opens a session with one, and asks it for maps by frames. Nothing of it runs
 * in a process of ours, so that all it can do to us is to send something else than it should.
 *
 * Its identity is what it said of itself (claims, parameters, sources), the command and its options; without sources
 * the files that the command names, too. Every session has to say the same. */
#include "base/text.h"
#include "host/program.h"
#include "host/program_hello.h"
#include "host/program_maps.h"
#include "host/program_server.h"
#include "host/source.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FORK_SECONDS 30.0

static bool program_takes(const struct source_place *place) {
    return place->process != NULL;
}

/* ---- Whether it is there, and which one it is ---- */

static bool is_file(const char *path) {
    struct stat s;
    return stat(path, &s) == 0 && S_ISREG(s.st_mode);
}

/* As execvp() looks for it, from the folder where the command runs. */
static bool find_command(const struct process_spec *p, struct error *e) {
    const char *name = p->command[0], *folders = getenv("PATH");
    bool found = false, plain = !strchr(name, '/');
    char *path = plain ? NULL : path_from(p->folder, name);
    if (path) found = is_file(path) && access(path, X_OK) == 0;
    free(path);
    for (const char *at = folders ? folders : "/usr/bin:/bin"; plain && !found && *at; at += *at == ':') {
        size_t n = strcspn(at, ":");
        path = text_format("%.*s/%s", (int)n, at, name);
        found = path && is_file(path) && access(path, X_OK) == 0;
        free(path);
        at += n;
    }
    return found || error_set(e, "%s: no such program %s: one that can be run wanted", name,
                              plain ? "in PATH" : "in the battery's folder");
}

/* Words of a command that name files there, with their digests. What stands in one text for the shell is taken word by
 * word. */
static bool add_files(struct text *all, const struct process_spec *p, struct error *e) {
    char digest[FILE_DIGEST_SIZE];
    for (char **word = p->command; *word; word++) {
        for (const char *at = *word; *at;) {
            size_t n = strcspn(at, " ");
            char *name = text_format("%.*s", (int)n, at), *path = name ? path_from(p->folder, name) : NULL;
            bool ok = path || error_memory(e);
            if (ok && n && is_file(path) && (ok = file_digest(path, digest, e))) text_add(all, "file %s\n", digest);
            free(name);
            free(path);
            if (!ok) return false;
            at += n;
            at += strspn(at, " ");
        }
    }
    return true;
}

static void add_spec(struct text *all, const struct process_spec *p) {
    for (char **word = p->command; word && *word; word++) text_add(all, "word %s\n", *word);
    text_add(all, "options %s\n", p->options ? p->options : "");
}

static void add_hello(struct text *all, const struct program_hello *hello) {
    const struct explainer_info *info = &hello->info;
    text_add(all, "name %s\nclaims %u\nsources %s\n", info->name, info->claims, hello->sources);
    for (uint32_t i = 0; i < info->param_count; i++)
        text_add(all, "param %s %.17g %s\n", info->params[i].name, info->params[i].number,
                 info->params[i].text ? info->params[i].text : "");
}

/* hello: NULL before there is one. */
static bool identify(const struct process_spec *p, const struct program_hello *hello, char digest[FILE_DIGEST_SIZE],
                     struct error *e) {
    struct text all = {0};
    add_spec(&all, p);
    if (hello) add_hello(&all, hello);
    bool ok = !p->command || (hello && hello->sources[0]) || add_files(&all, p, e);
    if (ok && all.failed) ok = error_memory(e);
    if (ok) data_digest(all.data, all.length, digest);
    text_finish(&all);
    return ok;
}

static bool program_digest(const struct source_place *place, char out[FILE_DIGEST_SIZE], struct error *e) {
    const struct process_spec *p = place->process;
    uint32_t claims;
    struct stat s;
    if (!program_claims(p, &claims, e)) return false;
    if (p->connect && (stat(p->connect, &s) != 0 || !S_ISSOCK(s.st_mode)))
        return error_set(e, "%s: no socket is there: one that a program listens on wanted", p->connect);
    return (p->connect || find_command(p, e)) && identify(p, NULL, out, e);
}

/* ---- Greeting ---- */

static bool blame(const char *path, bool refused, struct error *e) {
    struct error what = *e;
    return error_set(e, refused ? "%s: %s" : "%s: the program %s", path, what.text);
}

static bool program_learn(const struct source_place *place, struct explainer_info_list *list,
                          char digest[FILE_DIGEST_SIZE], void **kept, struct error *e) {
    const struct process_spec *p = place->process;
    struct program_hello hello = {0};
    struct program_server *server = NULL;
    struct program called = {0};
    bool refused = false, ok;
    *kept = NULL;
    if (p->command) {
        ok = program_server_create(p, &server, &hello, &refused, e);
    } else {
        ok = program_call(p, &called, e);
        if (ok) frame_stream_limit(&called.stream, p->start_limit);
        ok = ok && program_hello(&called.stream, p, &hello, &refused, e);
        program_stop(&called);
    }
    if (!ok) return blame(place->path, refused, e);
    *kept = server;
    ok = identify(p, &hello, digest, e);
    list->items = ok ? calloc(1, sizeof *list->items) : NULL;
    if (ok && !list->items) ok = error_memory(e);
    if (ok) {
        list->count = 1;
        list->items[0] = hello.info;
        hello.info = (struct explainer_info){0};
    }
    program_hello_finish(&hello);
    return ok;
}

static void program_forget(void *kept) {
    program_server_destroy(kept);
}

static void program_tend(void *kept, int log, const char *name) {
    if (!kept) return;
    program_server_log(kept, log, name);
    program_server_tend(kept);
}

/* ---- A session ---- */

struct session {
    assay_explainer explainer; /* first: what the host holds */
    assay_explainer_info info;
    struct program program;
    int64_t requests;
    struct error broken; /* what ended the session, or "" */
};

/* The host passes what session_open() returned. */
static struct session *session_of(const assay_explainer *explainer) {
    return (struct session *)(void *)explainer;
}

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    struct session *s = session_of(self);
    bool broken = false;
    if (s->broken.text[0]) return assay_say(why, ASSAY_FAILED, "%s", s->broken.text);
    assay_status status = program_maps(&s->program, ++s->requests, model, request, maps, &broken, why);
    if (broken) error_set(&s->broken, "%s", why->text);
    return status;
}

static void session_close(const assay_explainer *explainer) {
    struct session *s = session_of(explainer);
    program_stop(&s->program);
    free(s);
}

/* The end of a sentence as the whole. */
static bool say_program(struct error *e) {
    struct error what = *e;
    return error_set(e, "The program %s.", what.text);
}

/* Says hello; the same as when the parent did. */
static bool greet(struct session *s, const struct source_request *r, double limit, struct error *e) {
    struct program_hello hello = {0};
    char digest[FILE_DIGEST_SIZE];
    bool refused = false;
    frame_stream_limit(&s->program.stream, limit);
    bool ok = program_hello(&s->program.stream, r->place.process, &hello, &refused, e);
    if (!ok && !refused) program_tell_end(&s->program, e);
    s->program.broken = !ok;
    if (!ok) return refused ? false : say_program(e);
    ok = identify(r->place.process, &hello, digest, e) &&
         (strcmp(digest, r->digest) == 0 ||
          error_set(e, "The program is another than when the run began: its claims, params, sources or files changed"));
    program_hello_finish(&hello);
    frame_stream_limit(&s->program.stream, INFINITY);
    return ok;
}

static bool begin(struct session *s, const struct source_request *r, struct error *e) {
    const struct process_spec *p = r->place.process;
    if (r->kept) {
        bool ok = program_fork(r->kept, FORK_SECONDS, &s->program, e);
        if (ok) frame_stream_limit(&s->program.stream, INFINITY);
        return ok || say_program(e);
    }
    if (!p->command) /* it may be serving another session */
        return (program_call(p, &s->program, e) || say_program(e)) && greet(s, r, INFINITY, e);
    return (program_start(p, -1, &s->program, e) || say_program(e)) && greet(s, r, p->start_limit, e);
}

static bool program_open(const struct source_request *r, const assay_host *host, const assay_explainer **out,
                         struct error *e) {
    (void)host;
    struct session *s = calloc(1, sizeof *s);
    if (!s) return error_memory(e);
    s->info.id = r->id;
    s->explainer = (assay_explainer){&s->info, attribute, NULL};
    if (!begin(s, r, e)) {
        session_close(&s->explainer);
        return false;
    }
    *out = &s->explainer;
    return true;
}

const struct explainer_source source_program = {
    .name = "program",
    .noun = "program",
    .outside = true,
    .takes = program_takes,
    .digest = program_digest,
    .open = program_open,
    .close = session_close,
    .learn = program_learn,
    .forget = program_forget,
    .tend = program_tend,
};
