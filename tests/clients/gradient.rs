//! The gradient, as a plugin in Rust.
#[path = "explainer.rs"]
mod explainer;
use explainer::*;

unsafe extern "C" fn attribute(
    _: *const Explainer, model: *const Model, request: *const Request, maps: *mut f32, why: *mut Why,
) -> i32 {
    let r = &*request;
    ((*model).gradient)(model, r.n, r.inputs, r.targets, maps, why)
}

static INFO: Info = Info {
    id: text!("gradient-in-rust"),
    name: text!("Gradient in Rust"),
    summary: text!("the gradient of the logit"),
    source: text!("Simonyan et al. 2014, arXiv:1312.6034"),
    claims: LINEAR_EXACT,
    param_count: 0,
    params: std::ptr::null(),
    claims_for: None,
};

plugin!(INFO, attribute);
