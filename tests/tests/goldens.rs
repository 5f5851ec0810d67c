//! What xdrgen's golden tests expect compiles, without a warning, in a crate that wants everything documented; and does what
//! its documentation says.

#![deny(warnings, missing_docs, clippy::all)]

/// Each golden file in a module of its own, two levels down: none of it may count on being at the crate root.
mod goldens {
    use onc_runtime::Xdr;

    macro_rules! golden {
        ($(#[$attribute:meta])* $name:ident) => {
            $(#[$attribute])*
            pub mod $name {
                include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../xdrgen/tests/golden/", stringify!($name), ".rs"));
            }
        };
    }

    golden!(calc);
    golden!(choices);
    golden!(clashes);
    golden!(comments);
    golden!(enums);
    golden!(extern_types);
    golden!(
        // Its feature is one that this package does not have.
        #[expect(unexpected_cfgs)]
        features
    );
    golden!(keep_names);
    golden!(namespaces);
    golden!(recursion);
    golden!(types);
    golden!(unions);
    golden!(users);
    golden!(versions);

    /// What `extern_types.x` calls `mode`: as little as such a type may have.
    #[derive(Clone, Debug, PartialEq, Xdr)]
    pub struct Mode(pub u32);

    /// What `extern_types.x` calls `price`.
    #[derive(Clone, Debug, PartialEq, Xdr)]
    pub struct Price {
        /// In euros.
        pub euros: f64,
    }
}
