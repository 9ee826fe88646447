/* report.html: whole in itself, well-formed, and with the evidence of every verdict. */
#include "reports/html.h"
#include "reports/report.h"

#include "fake_run.h"
#include "markup.h"
#include "reports/png.h"

#include <criterion/criterion.h>
#include <math.h>
#include <png.h>
#include <stdlib.h>
#include <string.h>

TestSuite(report_html);

static const char record[] =
    "{\"assay\": \"0.1.0\", \"battery\": \"mine\", \"seed\": \"18446744073709551615\", \"rule\": {\"delta\": 0.3, "
    "\"alpha\": 0.05, \"draws\": [5, 10, 20]}, \"data\": {\"inputs\": 30}, \"battery_file\": {\"path\": \"my batteries/b.yaml\", "
    "\"settings\": [\"data.inputs=6\"]}, \"explainers\": [{\"name\": \"gradient\", \"id\": \"gradient\", \"sha256\": "
    "\"00ff\", \"claims\": [\"linear-exact\"]}], \"controls\": [{\"id\": \"cascading\", \"options\": {\"sigma\": 0.1}}], "
    "\"model\": {\"layers\": [{\"name\": \"conv<1>\"}, {\"name\": \"fc\"}]}}";

static char *written(const struct fake_run *fake) {
    const struct report *r = reports;
    char folder[64];
    struct error e = {""};
    struct store *s = fake_run_store(fake, folder);

    while (r->id && strcmp(r->id, "html") != 0) r++;
    cr_assert_not_null(r->id);
    cr_assert(store_set_meta(s, "run", record, &e), "%s", e.text);
    cr_assert(store_set_meta(s, "accuracy", "{\"sentence\": \"right on 3 < 4\", \"warning\": \"weak\"}", &e));
    cr_assert(store_set_meta(s, "equalities", "{\"sentence\": \"a and b\", \"warning\": \"c < d\"}", &e));
    cr_assert(store_set_meta(s, "canaries", "{\"sentence\": \"canaries: 5 of 6\", \"warning\": \"no < ground\"}", &e));
    cr_assert(r->write(s, folder, &e), "%s", e.text);
    char *text = fake_read(folder, "report.html");
    store_close(s);
    fake_folder_remove(folder);
    return text;
}

static void expect_in(const char *text, const char *wanted) {
    cr_expect(strstr(text, wanted), "`%s` is missing", wanted);
}

/* Every link and every picture that is shown is there, once. */
static void expect_targets(const char *text) {
    for (const char *at = text; (at = strstr(at, "href=\"#")); at++) {
        char id[64];
        snprintf(id, sizeof id, " id=\"%.*s\"", (int)strcspn(at + 7, "\""), at + 7);
        cr_expect_eq(markup_count(text, id), 1, "%s: %zu", id, markup_count(text, id));
    }
}

Test(report_html, has_the_evidence_of_every_verdict) {
    struct fake_run fake = FAKE_RUN_DEFAULT;
    char *text = written(&fake);

    markup_expect(text);
    expect_targets(text);
    cr_expect_eq(markup_count(text, "<a class=\"cell w"), 60);
    cr_expect_eq(markup_count(text, "<article class=\"verdict\""), 60);
    cr_expect_eq(markup_count(text, "<svg class=\"plot\""), 36, "three controls with curves");
    cr_expect_eq(markup_count(text, "data-off=\"1\""), 3);
    expect_in(text, "As expected: <strong>57 of 60</strong> verdicts. <span class=\"keep\">28 "
                    "<span class=\"word w0\">PASS</span></span>");
    expect_in(text,
              "<td data-word=\"FAIL\" data-score=\"0.85\"><a class=\"cell w1\" href=\"#e6-0\"><b>FAIL</b><span>0.85");
    expect_in(text, "<span class=\"keep\"><svg class=\"key\" aria-hidden=\"true\" viewBox=\"0 0 30 12\"><use "
                    "href=\"#k-sa\"/></svg>signed, all pixels</span>"); /* a key and its words on one line */
    expect_in(text, "<p>On these data right on 3 &lt; 4.</p>");
    expect_in(text, "<strong>Warning:</strong> weak");
    expect_in(text, "<p>Canaries: 5 of 6.</p>");
    expect_in(text, "<strong>Warning:</strong> no &lt; ground");
    expect_in(text, "<strong>Warning:</strong> c &lt; d");
    expect_in(text, "Equal maps, as they must be on this network: a and b.");
    expect_in(text, "PASS is necessary, not sufficient");
    expect_in(text, "85 % of the map survives at stage &quot;fc2&quot;");
    expect_in(text, "Number 0.85, between 0.79 and 0.91; floor 0.01, ceiling 1.00; 6 inputs, 5 draws. Expected: FAIL.");
    expect_in(text, "assay run 'my batteries/b.yaml' --set data.inputs=6 --seed 18446744073709551615 --only "
                    "gradient/cascading -o again</code>");
    expect_in(text, "--only 'integrated-gradients (absolute)/cascading' -o again");
    expect_in(text, "<tr><th scope=\"row\">gradient = w</th><td>0 of 1</td><td>0.5</td><td>1e-05</td></tr>");
    expect_in(text, "<th scope=\"row\">controls.cascading.options.sigma</th><td>0.1</td>");
    expect_in(text, "<th scope=\"row\">seed</th><td>18446744073709551615</td>");
    expect_in(text, "SHA-256 <code>00ff</code>");
    cr_expect_eq(markup_count(text, "What would decide it."), 2, "of the INCONCLUSIVE");
    free(text);
}

Test(report_html, asks_for_nothing_outside) {
    struct fake_run fake = {4, 3, 1, 2, 8, false, false};
    char *text = written(&fake);
    static const char *const outside[] = {"http:", "https:", "src=", "url(", "@import", "<link", "<iframe"};

    for (size_t i = 0; i < sizeof outside / sizeof *outside; i++)
        cr_expect_null(strstr(text, outside[i]), "%s", outside[i]);
    cr_expect_lt(strlen(text), 5u << 20);
    free(text);
}

/* The originals of two networks, and three controls of four stages or two. */
Test(report_html, holds_every_picture_once_and_shows_it_alone_and_over_the_input) {
    struct fake_run fake = {13, 4, 1, 2, 8, false, false};
    char *text = written(&fake);

    cr_expect_eq(markup_count(text, "data:image/png;base64,"), 2 + 13 * (2 + 4 + 4 + 2));
    cr_expect_eq(markup_count(text, "<use class=\"under\""), 13 * (5 + 5 + 3));
    expect_in(text, "aria-label=\"over the input: +fc1\"");
    expect_in(text, "aria-label=\"map: original\"");
    expect_in(text, "<br>constant");
    free(text);
}

Test(report_html, escapes_hostile_names) {
    struct fake_run fake = {6, 2, 1, 2, 8, false, true};
    char *text = written(&fake);

    markup_expect(text);
    expect_in(text, ">a,b &quot;quoted&quot; 'single' &lt;tag&gt; &amp; ]]&gt; _{x}^2 @y `ls` $(ls) %d \\n</a></th>");
    expect_in(text, "line break tab\xef\xbf\xbd\xef\xbf\xbd[31mred");
    cr_expect_null(strstr(text, "<tag>"));
    free(text);
}

Test(report_html, is_the_same_bytes_whatever_the_order_of_writing) {
    struct fake_run fake = {6, 2, 1, 2, 8, false, false};
    char *straight = written(&fake);
    fake.shuffled = true;
    char *shuffled = written(&fake);

    cr_expect(strcmp(straight, shuffled) == 0);
    free(straight);
    free(shuffled);
}

/* ---- pictures ---- */

static size_t decode(const char *text, uint8_t *out) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t n = 0;
    uint32_t bits = 0, held = 0;
    for (; *text && *text != '='; text++) {
        cr_assert(strchr(digits, *text), "%c", *text);
        bits = bits << 6 | (uint32_t)(strchr(digits, *text) - digits);
        held += 6;
        if (held >= 8) out[n++] = (uint8_t)(bits >> (held -= 8));
    }
    return n;
}

/* 5 x 3, so that the rows are no multiple of anything. */
Test(report_html, pictures_are_what_was_put_in) {
    uint8_t pixels[15], palette[PNG_COLOURS][4], bytes[4096], back[15 * 4];
    for (size_t i = 0; i < 15; i++) pixels[i] = (uint8_t)(17 * i);
    for (size_t i = 0; i < PNG_COLOURS; i++)
        memcpy(palette[i], (const uint8_t[]){(uint8_t)i, 200, (uint8_t)(255 - i), (uint8_t)(i / 2)}, 4);
    struct text text = {0};
    png_add_indexed(&text, 5, 3, pixels, (const uint8_t(*)[4])palette);
    cr_assert(!text.failed && strncmp(text.data, "data:image/png;base64,", 22) == 0);
    png_image image = {.version = PNG_IMAGE_VERSION};
    cr_assert(png_image_begin_read_from_memory(&image, bytes, decode(text.data + 22, bytes)), "%s", image.message);
    cr_assert(image.width == 5 && image.height == 3);
    image.format = PNG_FORMAT_RGBA;
    cr_assert(png_image_finish_read(&image, NULL, back, 0, NULL), "%s", image.message);
    for (size_t i = 0; i < 15; i++) cr_expect_arr_eq(back + 4 * i, palette[pixels[i]], 4, "pixel %zu", i);
    text_finish(&text);
}

/* Numbers of a column look alike; a deviation keeps its digits. */
Test(report_html, shows_two_decimals_where_they_say_something) {
    static const struct {
        double score, floor;
        const char *shown;
    } cases[] = {{1, NAN, "1.00"},         {.8, NAN, "0.80"},        {-.3, NAN, "-0.30"}, {0, NAN, "0"},
                 {.00051, NAN, "0.00051"}, {1234.5, NAN, "1.2e+03"}, {.004, 0, "0.00"},   {.844, 0, "0.84"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct verdict_row v = {.score = cases[i].score, .floor = cases[i].floor};
        char number[NUMBER_SIZE];
        cr_expect_str_eq(html_score(&v, number), cases[i].shown);
    }
}

/* Networks are a control's: the page has their numbers once, and each cell a link there. */
Test(report_html, says_how_far_the_networks_went) {
    struct fake_run fake = FAKE_RUN_DEFAULT;
    char *text = written(&fake);

    cr_expect_eq(markup_count(text, "<h3 id=\"activations\">"), 1);
    cr_expect_eq(markup_count(text, "<details><summary>Networks of "), 3, "three controls draw networks anew");
    cr_expect_eq(markup_count(text, "<a href=\"#a0\">"), 12, "one for each explainer");
    cr_expect_eq(markup_count(text, "<a href=\"#a3\">"), 0);
    expect_in(text, "<th scope=\"col\">stage</th><th scope=\"col\">conv&lt;1&gt;</th><th scope=\"col\">fc</th><th "
                    "scope=\"col\">logits</th>");
    expect_in(text, "<td>1.00</td><td>0.25</td><td>");
    free(text);
}
