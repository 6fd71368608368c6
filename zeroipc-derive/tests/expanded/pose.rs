#[allow(deprecated)]
const _: () = {
    #[automatically_derived]
    impl ::zeroipc::__private::Copied for Pose {}
    #[automatically_derived]
    unsafe impl ::zeroipc::__private::bytemuck::Zeroable for Pose {}
    #[automatically_derived]
    unsafe impl ::zeroipc::__private::bytemuck::Pod for Pose {}
    #[automatically_derived]
    unsafe impl ::zeroipc::ShmLayout for Pose {
        const DESC: &'static ::zeroipc::__private::TypeDesc<'static> = &::zeroipc::__private::TypeDesc::Struct {
            0: &::zeroipc::__private::StructDesc {
                name: "Pose",
                size: ::zeroipc::__private::number(::core::mem::size_of::<Self>()),
                align: ::zeroipc::__private::number(::core::mem::align_of::<Self>()),
                fields: &[
                    ::zeroipc::__private::FieldDesc {
                        name: "position",
                        offset: ::zeroipc::__private::number(
                            ::core::mem::offset_of!(Self, position),
                        ),
                        unit: "m",
                        ty: <[f64; 3] as ::zeroipc::ShmLayout>::DESC,
                    },
                    ::zeroipc::__private::FieldDesc {
                        name: "type",
                        offset: ::zeroipc::__private::number(
                            ::core::mem::offset_of!(Self, r#type),
                        ),
                        unit: "",
                        ty: <u32 as ::zeroipc::ShmLayout>::DESC,
                    },
                    ::zeroipc::__private::FieldDesc {
                        name: "_pad_28",
                        offset: ::zeroipc::__private::number(
                            ::core::mem::offset_of!(Self, _pad_28),
                        ),
                        unit: "",
                        ty: <[u8; 4] as ::zeroipc::ShmLayout>::DESC,
                    },
                ],
            },
        };
    }
    const _: () = ::zeroipc::__private::check_bytes(
        "position",
        ::zeroipc::__private::size_of_field(|it: &Pose| &it.position),
    );
    const _: () = ::zeroipc::__private::check_bytes(
        "type",
        ::zeroipc::__private::size_of_field(|it: &Pose| &it.r#type),
    );
    const _: () = ::zeroipc::__private::check_bytes(
        "_pad_28",
        ::zeroipc::__private::size_of_field(|it: &Pose| &it._pad_28),
    );
    const _: () = {
        ::zeroipc::__private::check_gap(
            "Pose",
            "position",
            "type",
            ::core::mem::offset_of!(Pose, position),
            ::zeroipc::__private::size_of_field(|it: &Pose| &it.position),
            ::core::mem::offset_of!(Pose, r#type),
            "",
        );
    };
    const _: () = {
        ::zeroipc::__private::check_gap(
            "Pose",
            "type",
            "_pad_28",
            ::core::mem::offset_of!(Pose, r#type),
            ::zeroipc::__private::size_of_field(|it: &Pose| &it.r#type),
            ::core::mem::offset_of!(Pose, _pad_28),
            "",
        );
    };
    const _: () = {
        ::zeroipc::__private::check_tail(
            "Pose",
            "_pad_28",
            ::core::mem::offset_of!(Pose, _pad_28),
            ::zeroipc::__private::size_of_field(|it: &Pose| &it._pad_28),
            ::core::mem::size_of::<Pose>(),
            "",
        );
    };
    const _: () = ::zeroipc::__private::check_type::<Pose>("Pose");
    ::zeroipc::__private::inventory::submit! {
        ::zeroipc::__private::Registered(< Pose as ::zeroipc::ShmLayout > ::DESC)
    }
};
