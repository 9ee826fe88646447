/* What a dry run takes to be free, as the harness has it already. */
#include "run/plan_cost.h"

#include "experiment/view.h"

#include <criterion/criterion.h>

Test(plan_cost, who_is_told_gradients) {
    static const struct {
        const char *name;
        struct explainer_entry row;
        bool told;
    } cases[] = {
        {"gradient, saliency", {.forwards = 1, .backwards = 1}, true},
        {"Grad-CAM asks at a layer", {.forwards = 1, .backwards = 1, .inspected = (char *)"conv2"}, false},
        {"guided backpropagation has a rule of its own", {.forwards = 1, .backwards = 1, .ruled = true}, false},
        {"integrated gradients", {.forwards = 50, .backwards = 50}, false},
        {"occlusion", {.forwards = 197}, false},
        {"one forward pass", {.forwards = 1}, false},
        {"the edge detector asks nothing", {.forwards = 0}, false},
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++)
        cr_expect_eq(plan_cost_told(&cases[k].row), cases[k].told, "%s", cases[k].name);
}
