//! The runtime under another name, as in a crate that re-exports it.

mod vendored {
    pub mod rpc {
        pub use onc_runtime::*;
    }
}

mod inner {
    #[derive(crate::vendored::rpc::Xdr)]
    #[xdr(crate = "crate::vendored::rpc")]
    pub struct Point {
        pub x: i32,
        #[xdr(max = 3)]
        pub text: String,
    }

    #[derive(crate::vendored::rpc::Xdr)]
    #[xdr(crate = "super::vendored::rpc", union(bool))]
    pub enum Maybe {
        #[xdr(case = true)]
        Some(Point),
        #[xdr(case = false)]
        None,
    }
}

fn main() {
    let value = inner::Maybe::Some(inner::Point { x: 1, text: "a".into() });
    assert_eq!(onc_runtime::xdr::to_vec(&value).expect("within its bounds").len(), 16);
    let _ = inner::Maybe::None;
}
