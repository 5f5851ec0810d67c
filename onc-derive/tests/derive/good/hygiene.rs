//! Names of the prelude that mean something else.

#![no_implicit_prelude]
#![deny(warnings)]
#![allow(dead_code)]

extern crate onc_runtime as runtime;

pub struct None;
pub struct Clone;
pub struct Default;
pub struct Sink;
pub struct Source;
pub struct Ok(pub u32);
pub struct Err(pub u32);
pub struct Some(pub u32);
pub const LENGTH: u32 = 1;

#[allow(non_upper_case_globals)]
pub const value: u32 = 1;

#[allow(non_camel_case_types)]
pub struct u64;

pub mod core {}
pub mod std {}

#[derive(runtime::Xdr)]
#[xdr(crate = "runtime")]
struct Option {
    a: u32,
    b: Result,
}

#[derive(runtime::Xdr)]
#[xdr(crate = "runtime")]
struct Result(Vec, String, Box, S, Size);

#[derive(runtime::Xdr)]
#[xdr(crate = "runtime")]
struct Vec;

#[derive(runtime::Xdr)]
#[xdr(crate = "runtime")]
struct String {
    #[xdr(max = 4)]
    r#type: ::std::string::String,
    #[xdr(item(item(max = 4)))]
    r#match: ::std::option::Option<::std::boxed::Box<::std::vec::Vec<u32>>>,
}

#[derive(runtime::Xdr)]
#[xdr(crate = "runtime")]
enum Box {
    Ok,
    Err,
    Some = 7,
    None,
    r#Self_,
}

#[derive(runtime::Xdr)]
#[xdr(crate = "runtime")]
struct S {
    value: u32,
    from: u32,
    out: u32,
    error: u32,
    run: u32,
}

type U = u32;

#[derive(runtime::Xdr)]
#[xdr(crate = "runtime")]
struct Size(i64, U);

#[derive(runtime::Xdr)]
#[xdr(crate = "runtime", union(i32))]
enum Xdr {
    #[xdr(case = 0)]
    Ok(Option),
    #[xdr(case = 1)]
    Err,
    #[xdr(case = [2, 3])]
    Some { r#enum: i32, r#struct: Result },
    #[xdr(default)]
    None(i32),
}

fn main() {}
