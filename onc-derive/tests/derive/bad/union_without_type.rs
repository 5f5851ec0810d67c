use onc_runtime::Xdr;

#[derive(Xdr)]
#[xdr(union)]
enum A {
    #[xdr(case = 1)]
    One(u32),
}

#[derive(Xdr)]
#[xdr(union())]
enum B {
    #[xdr(case = 1)]
    One(u32),
}

#[derive(Xdr)]
#[xdr(union(i32, u32))]
enum C {
    #[xdr(case = 1)]
    One(u32),
}

fn main() {}
