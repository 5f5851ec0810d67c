use onc_runtime::Xdr;

#[derive(Xdr)]
enum Shape {
    Circle(u32),
    Nothing,
}

fn main() {}
