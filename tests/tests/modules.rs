//! Generated modules, wherever a crate puts them: below others, beside others whose types they use.

use onc_runtime::xdr::{from_bytes, to_bytes};

mod deep {
    pub(crate) mod down {
        #[allow(unreachable_pub)]
        pub(crate) mod geometry {
            onc_runtime::include_xdr!("geometry");
        }

        #[allow(unreachable_pub)]
        pub(crate) mod drawing {
            onc_runtime::include_xdr!("drawing");
        }
    }
}

use deep::down::drawing::Polygon;
use deep::down::geometry::{CORNERS_MAX, Corners, Point};

#[test]
fn a_type_of_the_module_beside_is_one_type() {
    let outline: Corners = (0..3).map(|x| Point { x, y: -x }).collect();
    let polygon = Polygon { outline, hole: Some(Point { x: 7, y: 7 }), weights: vec![1, 2] };
    let bytes = to_bytes(&polygon).expect("an encoding");
    assert_eq!(bytes.len(), 4 + 3 * 8 + 4 + 8 + 4 + 2 * 4);
    assert_eq!(from_bytes::<Polygon>(&bytes).expect("the same"), polygon);
}

#[test]
fn a_bound_of_the_other_file_holds() {
    let polygon = Polygon { outline: vec![Point::default(); CORNERS_MAX as usize + 1], ..Polygon::default() };
    assert!(to_bytes(&polygon).expect_err("one corner too many").to_string().contains('8'));
    let polygon = Polygon { weights: vec![0; CORNERS_MAX as usize + 1], ..Polygon::default() };
    assert!(to_bytes(&polygon).is_err());
}
