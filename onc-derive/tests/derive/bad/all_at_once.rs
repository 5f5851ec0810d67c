use onc_runtime::Xdr;

#[derive(Xdr)]
#[xdr(union(i32), colour = "red")]
enum Everything {
    #[xdr(case = 1)]
    One(#[xdr(max = 4)] u32),
    Two,
    #[xdr(case = 1)]
    Three,
    #[xdr(default)]
    Four,
    #[xdr(case = 5)]
    Five {
        #[xdr(list, chain)]
        list: Vec<u32>,
        #[xdr(length = 5)]
        text: String,
    },
}

// A use of the type is no further error.
fn measure(value: &Everything) -> usize {
    value.measure().map_or(0, |size| size.total)
}

fn main() {}
