use onc_runtime::Xdr;

type Count = u32;

#[derive(Xdr)]
struct Counts {
    #[xdr(max = 4)]
    direct: u32,
    #[xdr(item(max = 4))]
    inside: Vec<i64>,
    #[xdr(list)]
    flag: bool,
    #[xdr(item(item(max = 3)))]
    deep: Option<Vec<f64>>,
}

#[derive(Xdr)]
struct Alias {
    #[xdr(max = 4)]
    through: Count,
}

fn main() {}
