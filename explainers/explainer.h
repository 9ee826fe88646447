/* explainer.h: the plugin ABI of assay. A plugin needs this file and nothing else.
 *
 * A plugin is a shared library that exports a const symbol, `assay_entry`. The host reads its
 * first field, the ABI version, before anything else. Structs are frozen within a major version;
 * growth happens through string-named extensions such as "assay.layers/1", asked for at run time.
 *
 * Rules for everything below, unless a comment says otherwise:
 *  - Arrays are row-major float32. A batch of images is n x C x H x W, of sequences n x C x L, of volumes
 *    n x C x D x H x W, of features n x F.
 *  - The caller owns every buffer it passes; the callee neither keeps nor frees it.
 *    Nothing allocated on one side is freed on the other.
 *  - One call at a time: the host calls a plugin from one thread, in a process of its own. A plugin
 *    that starts threads must not call the host or the model from them.
 *  - No global state: one explainer is asked about many models in turn, and the same request must
 *    give the same bytes, whatever was asked before.
 *  - A function that can fail returns an assay_status and writes its reason, in one English sentence,
 *    with assay_say().
 */
#ifndef ASSAY_EXPLAINER_H
#define ASSAY_EXPLAINER_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ASSAY_ABI_MAJOR 1u
#define ASSAY_ABI_MINOR 0u

#if defined(__GNUC__) || defined(__clang__)
#define ASSAY_EXPORT __attribute__((visibility("default")))
#else
#define ASSAY_EXPORT
#endif

/* A plugin loads when its major version is the host's and its minor version is not newer. */
typedef struct assay_version {
    uint32_t major, minor;
} assay_version;

#define ASSAY_VERSION_INIT                                                                                             \
    { ASSAY_ABI_MAJOR, ASSAY_ABI_MINOR }

typedef enum assay_status {
    ASSAY_OK = 0,
    ASSAY_UNSUPPORTED = 1, /* the method does not apply to this model: a SKIP, with the reason */
    ASSAY_FAILED = 2       /* anything else: an ERROR, with the plugin's own words */
} assay_status;

/* The host's buffer for the reason of a failure. `text` holds `size` bytes, and stays a C string. */
typedef struct assay_why {
    char *text;
    size_t size;
} assay_why;

/* ---- The model under explanation: a handle of function pointers ---------------------------------
 * The host swaps the handle for that of a randomised model; the plugin cannot tell which it holds.
 * Valid only during the call that received it. */

typedef struct assay_shape {
    uint32_t rank;   /* 3: C, H, W; 2: C, L; 4: C, D, H, W; 1: features */
    uint32_t dim[4]; /* the first `rank` are used; the batch is not counted */
    size_t count;    /* product of dim: the elements of one sample */
} assay_shape;

typedef struct assay_model assay_model;
struct assay_model {
    const void *host;  /* the host's own; a plugin leaves it alone */
    assay_shape input; /* of one sample, after preprocessing */
    uint32_t outputs;  /* number of classes K */

    /* logits[n][K] of x[n][input]. Any n >= 1; the host splits large batches itself. */
    assay_status (*forward)(const assay_model *, uint32_t n, const float *x, float *logits, assay_why *);

    /* out[n][input] = d logit[targets[i]] / d x[i] for every sample i. */
    assay_status (*gradient)(const assay_model *, uint32_t n, const float *x, const uint32_t *targets, float *out,
                             assay_why *);

    /* out[input] = sum over i of weights[i] * d logit[targets[i]] / d x[i]: one map for the whole
     * batch. Methods that average gradients (integrated gradients, SmoothGrad) should ask for this:
     * the host computes what is linear in the gradients once for the sum. */
    assay_status (*gradient_sum)(const assay_model *, uint32_t n, const float *x, const uint32_t *targets,
                                 const float *weights, float *out, assay_why *);

    /* The extension of that name, or NULL. Borrowed; valid as long as the model. */
    const void *(*extension)(const assay_model *, const char *name);
};

/* Extension of the model: look inside. Layers are counted from the input. */
#define ASSAY_LAYERS "assay.layers/1"

typedef struct assay_layer {
    const char *name;   /* as `assay list layers` prints it; borrowed from the model */
    const char *op;     /* the ONNX operator: "Conv", "Gemm", "Relu", ... */
    assay_shape output; /* of one sample: rank 3 for feature maps, 2 for those of sequences */
} assay_layer;

typedef struct assay_layers {
    uint32_t (*count)(const assay_model *);
    bool (*get)(const assay_model *, uint32_t index, assay_layer *out);
    /* activation[n][output] of the layer and gradient[n][output] = d logit[targets[i]] / d activation.
     * Either pointer may be NULL. */
    assay_status (*inspect)(const assay_model *, uint32_t index, uint32_t n, const float *x, const uint32_t *targets,
                            float *activation, float *gradient, assay_why *);
} assay_layers;

/* Extension of the model: gradients along a straight line, for path methods. A host without it has gradient_sum. */
#define ASSAY_LINE "assay.line/1"

typedef struct assay_line {
    /* out[input] = sum over i of weights[i] * d logit[target] / d x at the point from + positions[i] * (to - from).
     * from[input], to[input]; positions in [0, 1]. The host makes the points as it needs them, so that a plugin holds
     * none, and computes what is linear in the input at the two ends alone. */
    assay_status (*gradient_sum)(const assay_model *, const float *from, const float *to, uint32_t target, uint32_t n,
                                 const float *positions, const float *weights, float *out, assay_why *);
} assay_line;

/* Extension of the model: the backward pass under another rule for the rectifiers. */
#define ASSAY_BACKWARD "assay.backward/1"

typedef enum assay_rule {
    ASSAY_RULE_GRADIENT = 0,
    ASSAY_RULE_GUIDED = 1,   /* guided backpropagation: Springenberg et al. 2015, arXiv:1412.6806, section 3.4 */
    ASSAY_RULE_DECONVNET = 2 /* deconvnet: Zeiler & Fergus 2014, arXiv:1311.2901, section 2.1 */
} assay_rule;

typedef struct assay_backward {
    /* As assay_model.gradient, under `rule`; ASSAY_UNSUPPORTED for a rule the model does not have. */
    assay_status (*gradient)(const assay_model *, assay_rule rule, uint32_t n, const float *x, const uint32_t *targets,
                             float *out, assay_why *);
} assay_backward;

/* Extension of the model: the backward pass under a rule for every operator: layer-wise relevance propagation and its
 * composites, DeepLIFT, excitation backpropagation, ... For the plain gradient assay_model.gradient is faster. */
#define ASSAY_PROPAGATION "assay.propagation/1"

/* What an operator is to a rule. A bias (Add) and a BatchNormalization that follow a layer directly are part of it and
 * no operators of their own. */
typedef enum assay_role {
    ASSAY_ROLE_LAYER = 0,     /* weights times its input, and a bias: Conv, ConvTranspose, Gemm, MatMul, Einsum */
    ASSAY_ROLE_LINEAR = 1,    /* otherwise linear in its inputs: AveragePool, the Add of two branches, ... */
    ASSAY_ROLE_MOVE = 2,      /* its elements are those of its inputs: Reshape, Transpose, Concat, Pad, ... */
    ASSAY_ROLE_RECTIFIER = 3, /* Relu and its kin */
    ASSAY_ROLE_POINTWISE = 4, /* any other function of one element: Sigmoid, Tanh, Gelu, ... */
    ASSAY_ROLE_MAXIMUM = 5,   /* MaxPool, GlobalMaxPool */
    ASSAY_ROLE_OTHER = 6      /* products of two values, Softmax, LayerNormalization, recurrent networks, ... */
} assay_role;

typedef struct assay_operator {
    const char *name; /* the node's, "" where it has none; borrowed from the model */
    const char *op;   /* the ONNX operator: "Conv", "Gemm", "Relu", ... */
    assay_role role;
    bool first; /* of a layer: no other layer comes before it */
} assay_operator;

/* The rule of one operator by its name (NULL: gradient), and its numbers. x is the operator's input, w and z = w x + b
 * a layer's weights and output, w+ and w- the parts of w. Papers: framework/nn/propagation/.
 *
 * - gradient, every role: the chain rule; pass, RECTIFIER and POINTWISE: unchanged
 * - epsilon, LAYER and LINEAR: x w / (z + a sign z)
 * - gamma, LAYER: by x (w + a w+); alpha-beta: a times shares of (x w)+ less b times those of (x w)-
 * - z-plus, LAYER: by (x w)+; excitation: the same without the bias
 * - w-square, LAYER: by w^2; z-box: by x w - a w+ - b w-; flat: the same to every input
 * - rescale, RECTIFIER, POINTWISE, MAXIMUM: difference of output over that of input, between x and its reference;
 *   OTHER, of Softmax, products of two values and normalisations that are one node: made of such and of products
 * - softmax, OTHER, of Softmax y: x (R - y sum R), R what arrives at y; detached, OTHER, of LayerNormalization,
 *   GroupNormalization, InstanceNormalization, and a Div by a standard deviation: epsilon, a, with that a constant
 * - uniform, OTHER, of Mul, MatMul and Einsum of values: x y / (2 z + a sign z) to either, of Mul without a; x g(x),
 * with g of one element (SiLU, GELU), or one over the root of the mean of x^2, passes to x
 * - rectify, RECTIFIER: where output times signal is above the a-th percentile of its layer */
typedef struct assay_operator_rule {
    const char *rule;
    double a, b;
} assay_operator_rule;

/* What the signal is at the target's logit, in the beginning: 1, or the logit as the last layer gives it. */
typedef enum assay_start { ASSAY_START_ONE = 0, ASSAY_START_LOGIT = 1 } assay_start;

typedef struct assay_propagation {
    /* Operators that the logits depend on and that depend on the input, counted from the input. */
    uint32_t (*count)(const assay_model *);
    bool (*get)(const assay_model *, uint32_t index, assay_operator *out);
    /* out[n][input]: what arrives at x[n][input] under rules[count]. reference[n][input]: the inputs that `rescale`
     * compares with; else NULL. ASSAY_UNSUPPORTED for a rule that the host does not know, or that has
     * the role of its operator but is for others; ASSAY_FAILED for one of another role. Each sample's bytes are the
     * same in any batch. */
    assay_status (*propagate)(const assay_model *, const assay_operator_rule *rules, assay_start, uint32_t n,
                              const float *x, const float *reference, const uint32_t *targets, float *out, assay_why *);
} assay_propagation;

/* Extension of the model: the gradient of any weighted sum of the logits, each sample's own. */
#define ASSAY_VJP "assay.vjp/1"

typedef struct assay_vjp {
    /* out[n][input] = sum over k of cotangent[i][k] * d logit[k] / d x[i]; cotangent[n][K], all finite. Of 1 at the
     * target and 0 elsewhere: the bytes of assay_model.gradient. Costs what a gradient costs. */
    assay_status (*vjp)(const assay_model *, uint32_t n, const float *x, const float *cotangent, float *out,
                        assay_why *);
} assay_vjp;

/* Extension of the model: samples like its inputs, for methods that compare with the data in place of a baseline. NULL
 * where the host has none. */
#define ASSAY_BACKGROUND "assay.background/1"

typedef struct assay_background {
    /* samples[*count][input], *count > 0: the same for every request of a run. Borrowed; valid as long as the model,
     * and never to be written to. */
    const float *(*samples)(const assay_model *, uint32_t *count);
} assay_background;

/* Extension of the model: its parameters, to be read only. Two of them are not in the model's file, and there only
 * where the model has them: what is added to its logits, and what its input is multiplied by before anything else. */
#define ASSAY_WEIGHTS "assay.weights/1"
#define ASSAY_WEIGHTS_RAISED "assay.raised" /* [K] */
#define ASSAY_WEIGHTS_MASK "assay.mask"     /* [input] */

typedef struct assay_parameter {
    const char *name; /* as in the model's file */
    uint32_t rank;    /* 0 for a single number */
    uint32_t dim[8];  /* the first `rank` are used */
    size_t count;     /* product of dim */
    const float *data;
} assay_parameter;

typedef struct assay_weights {
    uint32_t (*count)(const assay_model *);
    /* Borrowed; valid during the call of the plugin. false: no such index. */
    bool (*get)(const assay_model *, uint32_t index, assay_parameter *out);
} assay_weights;

/* ---- The host --------------------------------------------------------------------------------- */

typedef struct assay_host assay_host;
struct assay_host {
    assay_version abi;
    const char *name, *version; /* "assay", "0.1.0" */
    /* The extension of that name, or NULL. Borrowed; valid as long as the process. */
    const void *(*extension)(const assay_host *, const char *name);
};

/* Extension of the host: random numbers that are the same on every run. Element k of a stream is a
 * function of (seed, k) alone; pass a different `first` to continue a stream. */
#define ASSAY_RANDOM "assay.random/1"

typedef struct assay_random {
    void (*uniform)(uint64_t seed, uint64_t first, size_t n, float *out); /* in [0, 1) */
    void (*normal)(uint64_t seed, uint64_t first, size_t n, float *out);  /* mean 0, sd 1 */
} assay_random;

/* Extension of the host: one line to the user's log, at any time during a call. */
#define ASSAY_LOG "assay.log/1"

typedef struct assay_log {
    void (*line)(const char *text);
} assay_log;

/* ---- The explainer ---------------------------------------------------------------------------- */

/* One request: n inputs, each with its target class and its seed. */
typedef struct assay_request {
    uint32_t n;
    const float *inputs;     /* [n][input] */
    const uint32_t *targets; /* [n], each < outputs: the class whose logit is explained */
    const uint64_t *seeds;   /* [n]: all randomness for input i comes from seeds[i], never from its place i */
} assay_request;

/* What a method claims of itself. The host holds it to every claim. */
enum assay_claim {
    ASSAY_COMPLETE = 1u << 0,         /* attributions sum to f(x) - f(baseline) (Sundararajan et al. 2017, axiom of
                                         completeness); every element of the baseline is the parameter `baseline`, or 0
                                         without one */
    ASSAY_INPUT_MULTIPLIER = 1u << 1, /* the map is multiplied by the input: where the input is zero, so is the map */
    ASSAY_NON_NEGATIVE = 1u << 2,     /* no attribution is below zero */
    ASSAY_STOCHASTIC = 1u << 3,       /* another seed gives another map */
    ASSAY_CLASS_BLIND = 1u << 4,      /* the map does not depend on the target */
    ASSAY_LINEAR_EXACT = 1u << 5      /* on f(x) = Wx + b the map is exactly the row of W (times x with
                                         INPUT_MULTIPLIER; its absolute value with NON_NEGATIVE) */
};

typedef enum assay_param_kind {
    ASSAY_NUMBER = 0,  /* a double in [min, max] */
    ASSAY_INTEGER = 1, /* a whole number in [min, max] */
    ASSAY_CHOICE = 2,  /* one of `choices` (NULL-terminated) */
    ASSAY_TEXT = 3     /* any text, such as the name of a layer */
} assay_param_kind;

/* Two names mean something to the host: `baseline` (the number COMPLETE and zero inputs are about) and `relu` (1: the
 * map ends in a ReLU; the host then judges the map before it, relu=0, as a row of its own beside it). */
typedef struct assay_param_info {
    const char *name, *summary;
    assay_param_kind kind;
    double number, min, max; /* default and range of NUMBER and INTEGER */
    const char *text;        /* default of CHOICE and TEXT */
    const char *const *choices;
} assay_param_info;

/* A parameter as given to create(): validated by the host against its info. */
typedef struct assay_param {
    const char *name;
    double number;    /* NUMBER, INTEGER */
    const char *text; /* CHOICE, TEXT; valid during create() only */
} assay_param;

/* What claims hold for given parameters (IG in its averaged form is not an input multiplier); they come as for
 * create(). NULL in assay_explainer_info.claims_for means: `claims`, whatever the parameters. */
typedef uint32_t (*assay_claims_for)(const assay_param *, uint32_t n);

typedef struct assay_explainer_info {
    const char *id;      /* kebab-case: "integrated-gradients" */
    const char *name;    /* "Integrated Gradients" */
    const char *summary; /* one line */
    const char *source;  /* paper and section, with a DOI or arXiv id */
    uint32_t claims;     /* of enum assay_claim, with default parameters */
    uint32_t param_count;
    const assay_param_info *params;
    assay_claims_for claims_for;
} assay_explainer_info;

typedef struct assay_explainer assay_explainer;
struct assay_explainer {
    const assay_explainer_info *info;
    /* maps[n][input]: one map per input, of the input's shape, every element written and finite. */
    assay_status (*attribute)(const assay_explainer *, const assay_model *, const assay_request *, float *maps,
                              assay_why *);
    void (*destroy)(const assay_explainer *); /* frees what create() allocated */
};

/* The symbol that every plugin exports: `ASSAY_EXPORT const assay_plugin assay_entry = {ASSAY_VERSION_INIT, ...};` */
typedef struct assay_plugin {
    assay_version abi; /* first, and never moves */
    uint32_t count;
    const assay_explainer_info *const *info; /* [count] */
    /* The explainer of that id with those parameters (every declared one is present, in the order of
     * info->params, defaults filled in), or NULL with the reason. `host` outlives the explainer. */
    const assay_explainer *(*create)(const assay_host *host, const char *id, const assay_param *params, uint32_t n,
                                     assay_why *why);
} assay_plugin;

#define ASSAY_ENTRY "assay_entry"
extern ASSAY_EXPORT const assay_plugin assay_entry;

/* ---- What a method is: an extension of the plugin ------------------------------------------------
 * A library may export a second const symbol, `assay_about_entry`, and need not. It holds data that the host reads
 * where it reads assay_entry; lists and tables are made of it (`assay list explainers`), verdicts are not. */
#define ASSAY_ABOUT "assay_about_entry"
#define ASSAY_ABOUT_VERSION 1u

/* What inputs a method is defined on; it returns ASSAY_UNSUPPORTED elsewhere. */
enum assay_modality {
    ASSAY_FEATURES = 1u << 0,  /* n x F */
    ASSAY_SEQUENCES = 1u << 1, /* n x C x L */
    ASSAY_PICTURES = 1u << 2,  /* n x C x H x W */
    ASSAY_VOLUMES = 1u << 3,   /* n x C x D x H x W */
    ASSAY_TOKENS = 1u << 4,    /* rows of an embedding, n x dimensions x length */
    ASSAY_EVERY_INPUT = (1u << 5) - 1
};

/* Texts are one line of UTF-8 each. The paper is assay_explainer_info.source. */
typedef struct assay_about {
    const char *id;      /* of the explainer of this library that it is about */
    const char *family;  /* what lists group by: "gradient", "path", "activation map", "perturbation", ... */
    const char *formula; /* the map: "(x - b) mean of df/dx on the path from b to x" */
    const char *cost;    /* passes for one input, in words of its parameters: "steps gradients", "samples forward" */
    uint32_t inputs;     /* of enum assay_modality */
    const char *checked; /* what its maps were compared with: "captum 0.9.0 IntegratedGradients"; NULL: nothing */
    double within;       /* the largest |map - other| / |other| that is allowed there (Euclidean norms); >= 0 */
} assay_about;

typedef struct assay_about_table {
    uint32_t version; /* ASSAY_ABOUT_VERSION; first. A host that knows it not leaves the table unread. */
    uint32_t count;
    const assay_about *const *items; /* [count] */
} assay_about_table;

extern ASSAY_EXPORT const assay_about_table assay_about_entry;

/* ---- Small helpers, so that a plugin needs no library ------------------------------------------- */

/* Writes the reason and returns `status`, so that a failure is one statement. */
#if defined(__GNUC__) || defined(__clang__)
__attribute__((format(printf, 3, 4), unused))
#endif
static inline assay_status
assay_say(assay_why *why, assay_status status, const char *format, ...) {
    if (why && why->text && why->size) {
        va_list list;
        va_start(list, format);
        vsnprintf(why->text, why->size, format, list);
        va_end(list);
    }
    return status;
}

/* A library of one method without parameters needs no create() of its own. At the end of its file,
 *     ASSAY_PLUGIN(info, attribute);
 * defines assay_entry from the name of an assay_explainer_info and of an attribute function. */
#define ASSAY_PLUGIN(info_name, attribute_name)                                                                        \
    static void assay_plain_destroy(const assay_explainer *self_) {                                                    \
        (void)self_;                                                                                                   \
    }                                                                                                                  \
    static const assay_explainer assay_plain = {&info_name, attribute_name, assay_plain_destroy};                      \
    static const assay_explainer *assay_plain_create(const assay_host *host_, const char *id_,                         \
                                                     const assay_param *params_, uint32_t n_, assay_why *why_) {       \
        (void)host_, (void)id_, (void)params_, (void)n_, (void)why_;                                                   \
        return &assay_plain;                                                                                           \
    }                                                                                                                  \
    static const assay_explainer_info *const assay_plain_infos[] = {&info_name};                                       \
    const assay_plugin assay_entry = {ASSAY_VERSION_INIT, 1, assay_plain_infos, assay_plain_create}

/* In a library of one method: what it is. `ASSAY_ABOUT_PLUGIN(about);` defines assay_about_entry from the name of an
 * assay_about. */
#define ASSAY_ABOUT_PLUGIN(about_name)                                                                                 \
    static const assay_about *const assay_about_items[] = {&about_name};                                               \
    const assay_about_table assay_about_entry = {ASSAY_ABOUT_VERSION, 1, assay_about_items}

#ifdef __cplusplus
}
#endif
#endif
