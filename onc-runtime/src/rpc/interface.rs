//! What a program version offers, as `xdrgen` describes it: the seam between generated code and the runtime.

use crate::xdr::Shape;

/// One version of a program: `version … = n` inside `program … = n` of a `.x` file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interface {
    /// The program's number.
    pub program: u32,
    /// The version's number.
    pub version: u32,
    /// The program's name in the `.x` file.
    pub program_name: &'static str,
    /// The version's name in the `.x` file.
    pub version_name: &'static str,
    /// Its procedures. They are found fastest in ascending order.
    pub procedures: &'static [ProcedureInfo],
}

/// One procedure of an [`Interface`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProcedureInfo {
    /// Its number.
    pub number: u32,
    /// Its name in the `.x` file.
    pub name: &'static str,
    /// Calling it twice does the same as calling it once, so that it may be sent again when an answer is missing.
    pub idempotent: bool,
}

/// A procedure as a type: what its arguments and results are and how they look on the wire.
///
/// `xdrgen` implements it for one empty struct per procedure.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a remote procedure",
    note = "xdrgen makes a type for each procedure: `calc_v1::Add` for `ADD` in version 1 of `CALC`"
)]
pub trait Procedure: Send + Sync + 'static {
    /// A tuple, whatever their number: `()`, `(A,)`, `(A, B)`, …
    type Arguments: Send + 'static;

    /// `()` for void.
    type Results: Send + 'static;

    /// How the arguments look on the wire: a tuple of shapes.
    type ArgumentsShape: Shape<Self::Arguments>;

    /// How the results look on the wire.
    type ResultsShape: Shape<Self::Results>;

    /// The program version that it belongs to.
    const INTERFACE: &'static Interface;

    /// Its number.
    const NUMBER: u32;

    /// Its name in the `.x` file.
    const NAME: &'static str;

    /// As [`ProcedureInfo::idempotent`].
    const IDEMPOTENT: bool = false;
}

impl Interface {
    /// The procedure of this number.
    #[must_use]
    pub fn procedure(&self, number: u32) -> Option<&'static ProcedureInfo> {
        let procedures = self.procedures;
        let here = |at: usize| procedures.get(at).filter(|procedure| procedure.number == number);
        // Nearly every protocol numbers its procedures from 0 or 1 without a gap.
        let at = number as usize;
        here(at)
            .or_else(|| at.checked_sub(1).and_then(here))
            .or_else(|| procedures.iter().find(|procedure| procedure.number == number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn info(number: u32, name: &'static str) -> ProcedureInfo {
        ProcedureInfo { number, name, idempotent: false }
    }

    const fn interface(procedures: &'static [ProcedureInfo]) -> Interface {
        Interface { program: 1, version: 1, program_name: "P", version_name: "V", procedures }
    }

    #[test]
    fn procedures_are_found_in_any_numbering() {
        static FROM_ZERO: [ProcedureInfo; 3] = [info(0, "a"), info(1, "b"), info(2, "c")];
        static FROM_ONE: [ProcedureInfo; 2] = [info(1, "a"), info(2, "b")];
        static SCATTERED: [ProcedureInfo; 4] = [info(900, "a"), info(3, "b"), info(u32::MAX, "c"), info(1, "d")];
        for procedures in [&FROM_ZERO[..], &FROM_ONE, &SCATTERED] {
            let interface = interface(procedures);
            for procedure in procedures {
                assert_eq!(interface.procedure(procedure.number), Some(procedure));
            }
            for absent in [4, 7, u32::MAX - 1] {
                assert_eq!(interface.procedure(absent), None);
            }
        }
        assert_eq!(interface(&[]).procedure(0), None);
    }
}
