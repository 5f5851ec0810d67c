//! Types that macros write.

use onc_runtime::Xdr;

macro_rules! make {
    ($(#[$meta:meta])* $name:ident { $($field:ident: $ty:ty = $max:expr),* }, $union:ident: $case:expr) => {
        $(#[$meta])*
        #[derive(Xdr)]
        struct $name {
            $(#[xdr(max = $max)] $field: $ty,)*
        }

        #[derive(Xdr)]
        #[xdr(union(u32))]
        enum $union {
            #[xdr(case = $case)]
            One($name),
            #[xdr(default)]
            Other(u32),
        }
    };
}

const FOUR: u32 = 4;

make!(
    /// Documented.
    Names { a: String = 4, b: Vec<u32> = FOUR + 1 }, Union: FOUR
);

macro_rules! parameter {
    ($max:ident) => {
        #[derive(Xdr)]
        struct Parameter<const $max: u32> {
            #[xdr(max = $max)]
            text: String,
        }
    };
}

parameter!(MAX);

fn main() {
    #[derive(Xdr)]
    struct Local {
        value: Inner,
    }

    #[derive(Clone, Copy, PartialEq, Eq, Xdr)]
    enum Inner {
        Only,
    }

    #[derive(Xdr)]
    #[xdr(union(Inner))]
    enum LocalUnion {
        #[xdr(case = Inner::Only)]
        Only(Local),
    }

    let bytes = onc_runtime::xdr::to_vec(&LocalUnion::Only(Local { value: Inner::Only })).expect("has no bounds");
    assert_eq!(bytes, [0; 8]);
}
