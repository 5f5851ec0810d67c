//! Both versions of everything.x, as `c/server.c` answers them.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use onc_runtime::{Bytes, Context, Fault};

use super::describe::describe;
use super::generated::{
    Arrays, ByAlias, ByBool, ByEnum, ByInt, ByLevel, ByUnsigned, Colour, Everything, EverythingV1, EverythingV2,
    Expression, Formula, Hop, Integers, Level, Node, Opaques, Operation, Optionals, Scalars, Tree, Unions,
};

/// Version 1: answers with what it was sent.
#[derive(Clone, Copy, Debug, Default)]
pub struct Echo;

macro_rules! echo {
    ($($procedure:ident: $type:ty;)*) => {$(
        async fn $procedure(&self, _cx: &Context, value: $type) -> Result<$type, Fault> {
            Ok(value)
        }
    )*};
}

impl EverythingV1 for Echo {
    async fn nothing(&self, _cx: &Context) -> Result<(), Fault> {
        Ok(())
    }

    echo! {
        echo_char: i8;
        echo_u_char: u8;
        echo_short: i16;
        echo_u_short: u16;
        echo_int: i32;
        echo_u_int: u32;
        echo_long: i32;
        echo_u_long: u32;
        echo_hyper: i64;
        echo_u_hyper: u64;
        echo_float: f32;
        echo_double: f64;
        echo_bool: bool;
        echo_colour: Colour;
        echo_level: Level;
        echo_amount: i32;
        echo_string: String;
        echo_label: String;
        echo_blob: Bytes;
        echo_small_blob: Bytes;
        echo_hypers: Vec<i64>;
        echo_shorts: Vec<i16>;
        echo_samples: Vec<f64>;
        echo_colours: Vec<Colour>;
        echo_flags: Vec<bool>;
        echo_labels: Vec<String>;
        echo_nodes: Vec<Node>;
        echo_hops: Vec<Hop>;
        echo_tree: Option<Tree>;
        echo_expression: Expression;
        echo_integers: Integers;
        echo_integers_list: Vec<Integers>;
        echo_scalars: Scalars;
        echo_opaques: Opaques;
        echo_arrays: Arrays;
        echo_optionals: Optionals;
        echo_by_enum: ByEnum;
        echo_by_level: ByLevel;
        echo_by_int: ByInt;
        echo_by_unsigned: ByUnsigned;
        echo_by_bool: ByBool;
        echo_by_alias: ByAlias;
        echo_unions: Unions;
        echo_everything: Everything;
    }
}

/// Version 2: computes.
#[derive(Debug, Default)]
pub struct Compute {
    remembered: Mutex<String>,
}

impl EverythingV2 for Compute {
    async fn who(&self, _cx: &Context) -> Result<String, Fault> {
        Ok("Rust".into())
    }

    async fn subtract(&self, _cx: &Context, a: i32, b: i32) -> Result<i32, Fault> {
        Ok(a.wrapping_sub(b))
    }

    async fn repeat(&self, _cx: &Context, first: String, times: u32, last: String) -> Result<String, Fault> {
        let times = usize::try_from(times).map_err(Fault::system)?;
        // As long as the longest UDP reply: the caller decides about neither our memory nor our time.
        if first.len().saturating_mul(times) > 8000 {
            return Err(Fault::GarbageArguments);
        }
        Ok(first.repeat(times) + &last)
    }

    async fn sum(&self, _cx: &Context, numbers: Vec<i64>) -> Result<i64, Fault> {
        Ok(numbers.into_iter().fold(0, i64::wrapping_add))
    }

    async fn scale(&self, _cx: &Context, value: f64, by: f32) -> Result<f64, Fault> {
        Ok(value * f64::from(by))
    }

    async fn count_up(&self, _cx: &Context, from: i32) -> Result<[[i32; 3]; 2], Fault> {
        Ok([0, 3].map(|row| [0, 1, 2].map(|column| from.wrapping_add(row + column))))
    }

    async fn fingerprint(&self, _cx: &Context, bytes: Bytes) -> Result<[u8; 16], Fault> {
        let mut sums = std::array::from_fn(|at| at as u8);
        for chunk in bytes.chunks(sums.len()) {
            for (sum, byte) in sums.iter_mut().zip(chunk) {
                *sum = u8::wrapping_add(*sum, *byte);
            }
        }
        Ok(sums)
    }

    async fn reverse(&self, _cx: &Context, mut list: Vec<Hop>) -> Result<Vec<Hop>, Fault> {
        list.reverse();
        Ok(list)
    }

    async fn flatten(&self, _cx: &Context, root: Option<Tree>) -> Result<Vec<i64>, Fault> {
        let mut keys = Vec::new();
        write_keys(root.as_ref(), &mut keys);
        Ok(keys)
    }

    async fn evaluate(&self, _cx: &Context, what: Expression) -> Result<i64, Fault> {
        Ok(value_of(Some(&what)))
    }

    async fn next(&self, _cx: &Context, now: Colour) -> Result<Colour, Fault> {
        Ok(match now {
            Colour::Red => Colour::Green,
            Colour::Green => Colour::Blue,
            Colour::Blue => Colour::Red,
        })
    }

    async fn same(&self, _cx: &Context, a: String, b: String) -> Result<bool, Fault> {
        Ok(a == b)
    }

    async fn look_up(
        &self,
        _cx: &Context,
        wanted: String,
        names: Vec<String>,
        numbers: Vec<i16>,
    ) -> Result<ByBool, Fault> {
        // Of two of the same name, the first one counts.
        let known: BTreeMap<String, i16> = names.into_iter().zip(numbers).rev().collect();
        Ok(known.get(&wanted).map_or(ByBool::False, |number| ByBool::True(number.to_string())))
    }

    async fn describe(&self, _cx: &Context, value: Everything) -> Result<String, Fault> {
        Ok(describe(&value))
    }

    async fn remember(&self, _cx: &Context, name: String, number: i32) -> Result<(), Fault> {
        let name: String = name.chars().take(50).collect();
        *self.remembered.lock().unwrap_or_else(PoisonError::into_inner) = format!("{name} {number}");
        Ok(())
    }

    async fn recall(&self, _cx: &Context) -> Result<String, Fault> {
        Ok(self.remembered.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

fn write_keys(tree: Option<&Tree>, keys: &mut Vec<i64>) {
    if let Some(root) = tree {
        write_keys(root.left.as_deref(), keys);
        keys.push(root.key.into());
        write_keys(root.right.as_deref(), keys);
    }
}

fn value_of(what: Option<&Expression>) -> i64 {
    match what.map(|what| &what.what) {
        None => 0,
        Some(Formula::Number(number)) => *number,
        Some(Formula::Negate(operand)) => value_of(operand.as_deref()).wrapping_neg(),
        Some(Formula::Both(operation, operands)) => {
            let [first, second] = [&operands.first, &operands.second].map(|operand| value_of(operand.as_ref()));
            match operation {
                Operation::Multiply => first.wrapping_mul(second),
                _ => first.wrapping_add(second),
            }
        }
    }
}
