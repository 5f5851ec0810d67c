//! Types and constants that are known without a definition.

use crate::model::{Integer, Shape};

/// C's names for integers of a fixed size, and those of `<rpc/types.h>`. A definition in the file comes first.
pub(super) fn shape(name: &str) -> Option<Shape> {
    let integer = match name {
        "bool_t" => return Some(Shape::Bool),
        "int8_t" => Integer::I8,
        "u_char" | "uchar" | "uchar_t" | "uint8_t" | "u_int8_t" | "unchar" => Integer::U8,
        "int16_t" => Integer::I16,
        "u_short" | "ushort" | "ushort_t" | "uint16_t" | "u_int16_t" => Integer::U16,
        "int32_t" => Integer::I32,
        "u_int" | "uint" | "uint_t" | "u_long" | "ulong" | "ulong_t" | "uint32_t" | "u_int32_t" => Integer::U32,
        // <rpc/types.h>
        "rpcprog_t" | "rpcvers_t" | "rpcproc_t" | "rpcprot_t" | "rpcport_t" => Integer::U32,
        "rpc_inline_t" => Integer::I32,
        "int64_t" | "quad_t" | "longlong_t" => Integer::I64,
        "uint64_t" | "u_int64_t" | "u_quad_t" | "u_longlong_t" | "ulonglong_t" => Integer::U64,
        _ => return None,
    };
    Some(Shape::Integer(integer))
}

/// Constants that C has everywhere alike.
pub(super) fn value(name: &str) -> Option<i128> {
    Some(match name {
        "TRUE" | "true" => 1,
        "FALSE" | "false" | "NULL" => 0,
        "INT8_MAX" | "SCHAR_MAX" => i8::MAX.into(),
        "UINT8_MAX" | "UCHAR_MAX" => u8::MAX.into(),
        "INT16_MAX" | "SHRT_MAX" => i16::MAX.into(),
        "UINT16_MAX" | "USHRT_MAX" => u16::MAX.into(),
        "INT32_MAX" | "INT_MAX" => i32::MAX.into(),
        "INT32_MIN" | "INT_MIN" => i32::MIN.into(),
        "UINT32_MAX" | "UINT_MAX" => u32::MAX.into(),
        "INT64_MAX" => i64::MAX.into(),
        "INT64_MIN" => i64::MIN.into(),
        "UINT64_MAX" => u64::MAX.into(),
        _ => return None,
    })
}
