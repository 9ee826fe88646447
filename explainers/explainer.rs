//! explainer.rs: explainer.h for plugins in Rust, without any crate. Copy it beside a method, or name it by a path:
//!
//!     #[path = "explainer.rs"] mod explainer;
//!
//!     rustc -O --crate-type cdylib -o my_method.so my_method.rs
//!
//! Layouts, shapes, ownership and rules are those of explainer.h, which says what everything means. Of the extensions
//! only `assay.random/1` is here; another one is a table of functions behind `extension`, declared in the same way.
#![allow(dead_code)]

use std::os::raw::{c_char, c_void};

pub const OK: i32 = 0;
pub const UNSUPPORTED: i32 = 1;
pub const FAILED: i32 = 2;

pub const COMPLETE: u32 = 1 << 0;
pub const INPUT_MULTIPLIER: u32 = 1 << 1;
pub const NON_NEGATIVE: u32 = 1 << 2;
pub const STOCHASTIC: u32 = 1 << 3;
pub const CLASS_BLIND: u32 = 1 << 4;
pub const LINEAR_EXACT: u32 = 1 << 5;

#[repr(C)]
pub struct Version {
    pub major: u32,
    pub minor: u32,
}

pub const ABI: Version = Version { major: 1, minor: 0 };

#[repr(C)]
pub struct Why {
    pub text: *mut c_char,
    pub size: usize,
}

#[repr(C)]
pub struct Shape {
    pub rank: u32,
    pub dim: [u32; 4],
    pub count: usize,
}

#[repr(C)]
pub struct Model {
    pub host: *const c_void,
    pub input: Shape,
    pub outputs: u32,
    pub forward: unsafe extern "C" fn(*const Model, u32, *const f32, *mut f32, *mut Why) -> i32,
    pub gradient: unsafe extern "C" fn(*const Model, u32, *const f32, *const u32, *mut f32, *mut Why) -> i32,
    pub gradient_sum:
        unsafe extern "C" fn(*const Model, u32, *const f32, *const u32, *const f32, *mut f32, *mut Why) -> i32,
    pub extension: unsafe extern "C" fn(*const Model, *const c_char) -> *const c_void,
}

#[repr(C)]
pub struct Host {
    pub abi: Version,
    pub name: *const c_char,
    pub version: *const c_char,
    pub extension: unsafe extern "C" fn(*const Host, *const c_char) -> *const c_void,
}

/// What `extension(host, b"assay.random/1\0")` gives.
#[repr(C)]
pub struct Random {
    pub uniform: unsafe extern "C" fn(u64, u64, usize, *mut f32),
    pub normal: unsafe extern "C" fn(u64, u64, usize, *mut f32),
}

#[repr(C)]
pub struct Request {
    pub n: u32,
    pub inputs: *const f32,
    pub targets: *const u32,
    pub seeds: *const u64,
}

/// kind 0: a number, 1: a whole number, 2: one of `choices`, 3: a text.
#[repr(C)]
pub struct ParamInfo {
    pub name: *const c_char,
    pub summary: *const c_char,
    pub kind: i32,
    pub number: f64,
    pub min: f64,
    pub max: f64,
    pub text: *const c_char,
    pub choices: *const *const c_char,
}

#[repr(C)]
pub struct Param {
    pub name: *const c_char,
    pub number: f64,
    pub text: *const c_char,
}

#[repr(C)]
pub struct Info {
    pub id: *const c_char,
    pub name: *const c_char,
    pub summary: *const c_char,
    pub source: *const c_char,
    pub claims: u32,
    pub param_count: u32,
    pub params: *const ParamInfo,
    pub claims_for: Option<unsafe extern "C" fn(*const Param, u32) -> u32>,
}

pub type Attribute = unsafe extern "C" fn(*const Explainer, *const Model, *const Request, *mut f32, *mut Why) -> i32;

#[repr(C)]
pub struct Explainer {
    pub info: *const Info,
    pub attribute: Attribute,
    pub destroy: unsafe extern "C" fn(*const Explainer),
}

#[repr(C)]
pub struct Plugin {
    pub abi: Version,
    pub count: u32,
    pub info: *const *const Info,
    pub create: unsafe extern "C" fn(*const Host, *const c_char, *const Param, u32, *mut Why) -> *const Explainer,
}

/// A constant that holds pointers to constants.
#[repr(transparent)]
pub struct Fixed<T>(pub T);
unsafe impl<T> Sync for Fixed<T> {}
unsafe impl Sync for Plugin {}
unsafe impl Sync for Info {}
unsafe impl Sync for Explainer {}

/// A C string: text!("gradient").
#[macro_export]
macro_rules! text {
    ($text:expr) => {
        concat!($text, "\0").as_ptr() as *const ::std::os::raw::c_char
    };
}

pub unsafe extern "C" fn keep(_: *const Explainer) {}

/// The library's one explainer, without parameters: plugin!(INFO, attribute).
#[macro_export]
macro_rules! plugin {
    ($info:ident, $attribute:ident) => {
        static ONE: $crate::explainer::Explainer =
            $crate::explainer::Explainer { info: &$info, attribute: $attribute, destroy: $crate::explainer::keep };
        static ALL: $crate::explainer::Fixed<[*const $crate::explainer::Info; 1]> =
            $crate::explainer::Fixed([&$info as *const _]);
        unsafe extern "C" fn create(
            _: *const $crate::explainer::Host, _: *const ::std::os::raw::c_char, _: *const $crate::explainer::Param,
            _: u32, _: *mut $crate::explainer::Why,
        ) -> *const $crate::explainer::Explainer {
            &ONE
        }
        #[no_mangle]
        #[allow(non_upper_case_globals)]
        pub static assay_entry: $crate::explainer::Plugin = $crate::explainer::Plugin {
            abi: $crate::explainer::ABI,
            count: 1,
            info: ALL.0.as_ptr(),
            create,
        };
    };
}
