#[allow(deprecated)]
const _: () = {
    #[automatically_derived]
    impl<const N: usize> ::zeroipc::__private::Copied for Batch<N> {}
    #[automatically_derived]
    unsafe impl<const N: usize> ::zeroipc::__private::bytemuck::Zeroable for Batch<N> {}
    #[automatically_derived]
    unsafe impl<const N: usize> ::zeroipc::__private::bytemuck::Pod for Batch<N> {}
    #[automatically_derived]
    unsafe impl<const N: usize> ::zeroipc::ShmLayout for Batch<N> {
        const DESC: &'static ::zeroipc::__private::TypeDesc<'static> = <[f32; N] as ::zeroipc::ShmLayout>::DESC;
    }
    const _: () = ::zeroipc::__private::check_bytes(
        "0",
        ::zeroipc::__private::size_of_field(|it: &Batch<1>| &it.0),
    );
    const _: () = ::zeroipc::__private::check_type::<Batch<1>>("Batch<1>");
};
