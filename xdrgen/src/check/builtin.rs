//! Types and constants that are known without a definition.

use crate::model::{
    Integer::{self, I8, I16, I32, I64, U8, U16, U32, U64},
    Shape,
};

/// The words of XDR that are types.
const WORDS: [&str; 12] =
    ["bool", "char", "double", "float", "hyper", "int", "long", "opaque", "quadruple", "short", "string", "unsigned"];

const BOOL: &str = "bool_t";

/// C's names for integers of a fixed size, and those of `<rpc/types.h>`.
const INTEGERS: [(Integer, &[&str]); 9] = [
    (I8, &["int8_t"]),
    (U8, &["u_char", "uchar", "uchar_t", "uint8_t", "u_int8_t", "unchar"]),
    (I16, &["int16_t"]),
    (U16, &["u_short", "ushort", "ushort_t", "uint16_t", "u_int16_t"]),
    (I32, &["int32_t", "rpc_inline_t"]),
    (U32, &["u_int", "uint", "uint_t", "u_long", "ulong", "ulong_t", "uint32_t", "u_int32_t"]),
    (U32, &["rpcprog_t", "rpcvers_t", "rpcproc_t", "rpcprot_t", "rpcport_t"]),
    (I64, &["int64_t", "quad_t", "longlong_t"]),
    (U64, &["uint64_t", "u_int64_t", "u_quad_t", "u_longlong_t", "ulonglong_t"]),
];

/// Constants that C has everywhere alike.
const VALUES: [(i128, &[&str]); 12] = [
    (1, &["TRUE", "true"]),
    (0, &["FALSE", "false", "NULL"]),
    (i8::MAX as i128, &["INT8_MAX", "SCHAR_MAX"]),
    (u8::MAX as i128, &["UINT8_MAX", "UCHAR_MAX"]),
    (i16::MAX as i128, &["INT16_MAX", "SHRT_MAX"]),
    (u16::MAX as i128, &["UINT16_MAX", "USHRT_MAX"]),
    (i32::MAX as i128, &["INT32_MAX", "INT_MAX"]),
    (i32::MIN as i128, &["INT32_MIN", "INT_MIN"]),
    (u32::MAX as i128, &["UINT32_MAX", "UINT_MAX"]),
    (i64::MAX as i128, &["INT64_MAX"]),
    (i64::MIN as i128, &["INT64_MIN"]),
    (u64::MAX as i128, &["UINT64_MAX"]),
];

/// The type of this name. A definition in the file comes first.
pub(super) fn shape(name: &str) -> Option<Shape> {
    if name == BOOL {
        return Some(Shape::Bool);
    }
    named(&INTEGERS, name).map(Shape::Integer)
}

/// The constant of this name. A definition in the file comes first.
pub(super) fn value(name: &str) -> Option<i128> {
    named(&VALUES, name)
}

/// What types are called that nobody has to define.
pub(super) fn type_names<'n>() -> impl Iterator<Item = &'n str> {
    let integers = INTEGERS.iter().flat_map(|(_, names)| *names);
    WORDS.into_iter().chain([BOOL]).chain(integers.copied())
}

/// What constants are called that nobody has to define.
pub(super) fn value_names<'n>() -> impl Iterator<Item = &'n str> {
    VALUES.iter().flat_map(|(_, names)| *names).copied()
}

fn named<T: Copy>(table: &[(T, &[&str])], name: &str) -> Option<T> {
    table.iter().find(|(_, names)| names.contains(&name)).map(|(value, _)| *value)
}
