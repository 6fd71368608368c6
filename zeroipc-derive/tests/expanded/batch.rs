#[allow(clippy::all, clippy::pedantic, clippy::restriction, deprecated)]
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
    const _: () = {
        ::zeroipc::__private::check_bytes(
            "0",
            ::zeroipc::__private::size_of_field(|it: &Batch<1>| &it.0),
        );
        ::zeroipc::__private::check_bytes(
            "0",
            ::zeroipc::__private::size_of_field(|it: &Batch<2>| &it.0),
        );
        ::zeroipc::__private::check_bytes(
            "0",
            ::zeroipc::__private::size_of_field(|it: &Batch<3>| &it.0),
        );
        ::zeroipc::__private::check_bytes(
            "0",
            ::zeroipc::__private::size_of_field(|it: &Batch<4>| &it.0),
        );
        ::zeroipc::__private::check_bytes(
            "0",
            ::zeroipc::__private::size_of_field(|it: &Batch<5>| &it.0),
        );
        ::zeroipc::__private::check_bytes(
            "0",
            ::zeroipc::__private::size_of_field(|it: &Batch<6>| &it.0),
        );
        ::zeroipc::__private::check_bytes(
            "0",
            ::zeroipc::__private::size_of_field(|it: &Batch<7>| &it.0),
        );
        ::zeroipc::__private::check_bytes(
            "0",
            ::zeroipc::__private::size_of_field(|it: &Batch<8>| &it.0),
        );
    };
    const _: () = {
        ::zeroipc::__private::check_align(
            "Batch<1>",
            ::core::mem::align_of::<Batch<1>>(),
        );
        ::zeroipc::__private::check_type::<Batch<1>>("Batch<1>");
        ::zeroipc::__private::check_align(
            "Batch<2>",
            ::core::mem::align_of::<Batch<2>>(),
        );
        ::zeroipc::__private::check_type::<Batch<2>>("Batch<2>");
        ::zeroipc::__private::check_align(
            "Batch<3>",
            ::core::mem::align_of::<Batch<3>>(),
        );
        ::zeroipc::__private::check_type::<Batch<3>>("Batch<3>");
        ::zeroipc::__private::check_align(
            "Batch<4>",
            ::core::mem::align_of::<Batch<4>>(),
        );
        ::zeroipc::__private::check_type::<Batch<4>>("Batch<4>");
        ::zeroipc::__private::check_align(
            "Batch<5>",
            ::core::mem::align_of::<Batch<5>>(),
        );
        ::zeroipc::__private::check_type::<Batch<5>>("Batch<5>");
        ::zeroipc::__private::check_align(
            "Batch<6>",
            ::core::mem::align_of::<Batch<6>>(),
        );
        ::zeroipc::__private::check_type::<Batch<6>>("Batch<6>");
        ::zeroipc::__private::check_align(
            "Batch<7>",
            ::core::mem::align_of::<Batch<7>>(),
        );
        ::zeroipc::__private::check_type::<Batch<7>>("Batch<7>");
        ::zeroipc::__private::check_align(
            "Batch<8>",
            ::core::mem::align_of::<Batch<8>>(),
        );
        ::zeroipc::__private::check_type::<Batch<8>>("Batch<8>");
    };
};
