/* What is claimed of sums, and evidence at known places: honest methods and mutants under completeness and
 * planted-evidence. */
#include "study_battery.h"

#include <criterion/criterion.h>

/* ---- completeness ---- */

Test(studies_evidence, what_claims_to_add_up_does, .init = study_make_folder, .fini = study_remove_folder,
     .timeout = 120) {
    static const struct expected rows[] = {
        {"gradient", "SKIP", "does not claim"},
        {"integrated-gradients", "PASS", "within what is allowed on every input"},
        {"integrated-gradients:steps=3", "INCONCLUSIVE", "More steps may bring it nearer."},
        {"deeplift", "PASS", ""},
        {"path.so#ig-last-step", "FAIL", "the furthest off"},
        {"path.so#ig-half-path", "FAIL", "A part of the path is missing"},
        {"path.so#ig-baseline-ignored:baseline=0.5", "FAIL", "(20 % allowed)"},
        {"propagation.so#deeplift-no-reference", "FAIL", ""},
        {"propagation.so#deeplift-two-references", "FAIL", ""},
        {"propagation.so#deeplift-minus", "FAIL", "off by 200 % of it"},
        {"bad/cancels.so", "INCONCLUSIVE", "only beside values that cancel"},
    };
    study_expect(&(struct battery_text){"fashion-cnn.onnx", FASHION_DATA, "completeness", 8, ROWS(rows)}, 1);
}

/* ---- planted-evidence ---- */

Test(studies_evidence, evidence_at_known_places, .init = study_make_folder, .fini = study_remove_folder,
     .timeout = 240) {
    static const struct expected rows[] = {
        {"gradient", "PASS", "On 3 of 3 networks that know where their evidence is: at least 100 %"},
        {"saliency", "PASS", "On 3 of 3 networks"}, /* claims NON_NEGATIVE */
        {"integrated-gradients:steps=5", "PASS", "On 3 of 3 networks"},
        {"smoothgrad:samples=10", "PASS", "On 3 of 3 networks"},
        {"grad-cam", "PASS", "On 2 of 2 networks"}, /* of windows without a convolution nothing is asked */
        {"grad-cam:layer=conv2", "SKIP", "which has other layers: layer=conv2"},
        {"edge-detector", "SKIP", "claims not to depend on the class"},
        {"fault=next-class", "FAIL", "% is on those of this class; 25 % is chance"},
        {"fault=sum", "FAIL", "25 % is on those of this class; 25 % is chance"},
        {"fault=mirrored", "FAIL", "miss the evidence for the class"},
        {"fault=shifted,dose=1", "FAIL", "the maps lie 1 pixel to the right"},
        {"fault=shifted,dose=4", "FAIL", "the maps lie 4 pixels to the right"},
        {"fault=minus", "FAIL", "the inputs: the sign is wrong"},
        {"fault=times-logit", "FAIL", "the inputs: the sign is wrong"},
        {"fault=softmax", "FAIL", "when patterns of other classes move"},
        {"fault=edges,dose=0.25", "FAIL", "when patterns of other classes move"},
        {"fault=bump,dose=1", "FAIL", "part of them is the same for every input"},
        {"fault=odd-zero", "FAIL", "constant for 2 of 4 classes, and none for the others"},
        {"fault=absolute", "FAIL", "the sign is lost"},
        {"cam.so#scam-shifted-2", "FAIL", "the maps lie aside the same way: 2 pixels to the right on the first"},
        /* They give nothing to evidence against the class, or have signs where windows are looked into. */
        {"excitation-backprop", "PASS", ""},
        {"lrp", "PASS", ""},
        {"rect-grad", "PASS", ""},
        {"fault=part-of-path,dose=1", "PASS", ""},
    };
    study_expect(&(struct battery_text){"fashion-cnn.onnx", FASHION_DATA, "planted-evidence", 2, ROWS(rows)}, 1);
}

Test(studies_evidence, evidence_in_sequences_and_tables, .init = study_make_folder, .fini = study_remove_folder,
     .timeout = 240) {
    static const struct expected sequences[] = {
        {"gradient", "PASS", "On 3 of 3 networks"},
        {"guided-backprop", "PASS", "On 3 of 3 networks"},
        {"rect-grad", "PASS", ""}, /* no value below 0 on any of the three */
        {"lrp:composite=epsilon-alpha2-beta1", "PASS", ""},
        {"fault=next-class", "FAIL", "% is on those of this class; 25 % is chance"},
        {"fault=shifted,dose=1", "FAIL", "the maps lie 1 position to the right"},
        {"fault=mirrored", "FAIL", "or turned over"},
        {"fault=channel", "FAIL", "no positive sum in the maps of 50 % of the inputs"}, /* of one letter */
    };
    /* Patches of 14 positions: three positions beside a window fit better by chance, and most patches are exactly 0. */
    static const struct expected patches[] = {{"surrogate.so#shapley-sampling", "PASS", ""}};
    static const struct expected tables[] = {
        {"gradient", "PASS", "On 2 of 2 networks"},
        {"input-x-gradient", "PASS", "On 2 of 2 networks"},
        {"fault=next-class", "FAIL", "% is on those of this class; 25 % is chance"},
        {"fault=shifted,dose=1", "FAIL", "the maps lie 1 feature to the right"},
        {"fault=minus", "FAIL", "the sign is wrong"},
    };
    study_expect(&(struct battery_text){"genome-cnn.onnx", "sequence:%s/fixtures/data/genome-test.csv",
                                        "planted-evidence", 2, ROWS(sequences)},
                 3);
    study_expect(&(struct battery_text){"genome-cnn.onnx", "sequence:%s/fixtures/data/genome-test.csv",
                                        "planted-evidence", 2, ROWS(patches)},
                 2);
    study_expect(&(struct battery_text){"machines-mlp.onnx", "csv:%s/fixtures/data/machines-test.csv",
                                        "planted-evidence", 2, ROWS(tables)},
                 3);
}
