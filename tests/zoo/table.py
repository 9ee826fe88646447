"""The table of the zoo: a line for each model on the terminal, and docs/models.md."""
import re

LOGITS, GRADIENT, TIMES = 1e-4, 1e-3, 5  # an error is no more than this, or than so many times what rounding does
COLUMNS = ("package", "model", "exporter", "input", "operator set", "loads", "logits", "gradient (noise)", "layers", "battery")
SHARE = .95  # of the exported models that must load

HEAD = """# Models

Written by the tests (`make zoo PYTHON=...`): do not edit.

Models of public packages, exported by their own exporters, with random weights.
Parameters that start from a constant, and running statistics of BatchNormalization, were drawn anew: else the output
hardly depends on the input.

- *exporter*: `legacy` and `dynamo` are the two of `torch.onnx.export`; `apart` is the first as README.md has it, with
  BatchNormalization left as it is; `keras-torch` and `keras-tf` are Keras's own export under these backends (the second
  through tf2onnx); `skl2onnx` is scikit-learn's.
- *logits*, *gradient*: relative error, by the norm, against the framework itself in double precision.
  In brackets: how far the gradient itself moves, in double precision, when the input changes by 0.000003, as much as
  rounding does. A rectifier near its kink makes this large.
  Wrong is what is above %g for logits or %g for the gradient, and above %d times that noise.
- *layers*: those that a battery can name; of these, how many are called as the module in the framework is.
- *battery*: the verdict on the gradient under cascading randomisation, two inputs and one draw. Any word but ERROR
  will do.

"""


def wrong(result, what, bound):
    return result[what] > max(bound, TIMES * result[what + "_noise"]) or result[what] != result[what]


def state(result):
    """What of it fails: the first of loads, runs, logits, gradient, battery, or nothing."""
    if result is None:
        return "not exported"
    if "layers" not in result:
        return "refused"
    if "logits" not in result:
        return "does not run"
    if wrong(result, "logits", LOGITS):
        return "wrong logits"
    if "gradient" not in result:
        return "no gradient"
    if wrong(result, "gradient", GRADIENT):
        return "wrong gradient"
    return "" if result.get("battery") not in ("ERROR", "did not run") else "battery"


def brief(text):
    """A message without the program's name and the folder of the cache."""
    return " ".join(re.sub(r"(assay: )?\S*model\.onnx: ", "", text).split()).replace("|", "/")[:400]


def reason(info, result):
    found = state(result)
    if found == "not exported":
        return info["reason"]
    if found in ("refused", "does not run", "no gradient"):
        return result["reason"]
    if found == "wrong gradient" and result["form"] == "probabilities":
        return "what is explained are probabilities: the closing Softmax or Sigmoid was not taken off"
    return result.get("battery_reason", "") if found == "battery" else ""


def cells(row, info, result):
    shape = " x ".join(str(d) for d in row.shape)
    head = [row.family, row.model, row.exporter, shape]
    if result is None:
        return head + ["", "not exported", "", "", "", ""]
    head.append(str(info["opset"]))
    if "layers" not in result:
        return head + ["no", "", "", "", ""]
    logits = f"{result['logits']:.0e}" if "logits" in result else "no"
    if "logits" in result and wrong(result, "logits", LOGITS):
        logits += " wrong"
    gradient = f"{result['gradient']:.0e} ({result['gradient_noise']:.0e})" if "gradient" in result else "no"
    if "gradient" in result and wrong(result, "gradient", GRADIENT):
        gradient += " wrong"
    layers = f"{result['layers']}, {result['named']} named"
    return head + ["yes", logits, gradient, layers, result.get("battery", "")]


def line(row, info, result):
    found = state(result) if result != {} else "exported"
    if result == {}:
        return f"{row.name:55} exported in {info['seconds']} s"
    text = " | ".join(cells(row, info, result)[4:])
    return f"{row.name:55} {text}" + (f"   <- {found}: {brief(reason(info, result))}" if found else "")


def counts(found):
    exported = [r for _, _, r in found if r is not None]
    return len(exported), sum("layers" in r for r in exported), sum(state(r) == "" for r in exported)


def summary(found):
    exported, loaded, right = counts(found)
    names = len({(row.family, row.model) for row, _, r in found if r is not None})
    share = f" ({100 * loaded / exported:.0f} %)" if exported else ""
    return f"{exported} files of {names} models exported; {loaded}{share} load; {right} are right in every column"


def document(found):
    out = [HEAD % (LOGITS, GRADIENT, TIMES) + summary(found) + ".\n"]
    out += ["| " + " | ".join(COLUMNS) + " |", "|---" * len(COLUMNS) + "|"]
    out += ["| " + " | ".join(cells(*f)) + " |" for f in found]
    out += ["", "## What is not right", "", "| file | what | reason |", "|---|---|---|"]
    bad = [(row, state(r), reason(info, r)) for row, info, r in found if state(r)]
    out += [f"| {row.name} | {what} | {brief(why)} |" for row, what, why in bad]
    if not bad:
        out[-4:] = ["", "Everything is right in every column."]
    return "\n".join(out) + "\n"


def exit_code(found):
    """1 where fewer load than should, or a number is wrong."""
    exported, loaded, _ = counts(found)
    return int(loaded < SHARE * exported or any(state(r).startswith("wrong") for _, _, r in found))
