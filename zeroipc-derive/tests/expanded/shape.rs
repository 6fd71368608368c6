/// A shape.
#[derive(Clone, Copy)]
#[repr(C, align(8))]
pub struct Shape {
    tag: ShapeTag,
    reserved: [u8; ::zeroipc::__private::gap(::core::mem::size_of::<ShapeTag>(), 8)],
    payload: [u8; ::zeroipc::__private::gap(8, 24)],
}
#[allow(deprecated)]
const _: () = {
    const _: () = ::zeroipc::__private::check_case::<
        FixedStr<16>,
    >("Shape", "label", 24, 8, 8);
    const _: () = ::zeroipc::__private::check_variant::<
        Shape,
        ShapeTag,
    >("Shape", 24, 8, 8);
    const _: () = ::zeroipc::__private::check_tags(
        "Shape",
        &[<ShapeTag>::NONE.0 as i64, <ShapeTag>::LABEL.0 as i64],
    );
    #[allow(dead_code, clippy::self_named_constructors, clippy::should_implement_trait)]
    impl Shape {
        /// Which case it is; another process may have written one that has no name here.
        pub const fn tag(&self) -> ShapeTag {
            self.tag
        }
        /// The case `none`.
        pub fn none() -> Self {
            let mut variant: Self = ::zeroipc::__private::bytemuck::Zeroable::zeroed();
            variant.tag = <ShapeTag>::NONE;
            variant
        }
        /// A text.
        pub fn label(value: FixedStr<16>) -> Self {
            let mut variant: Self = ::zeroipc::__private::bytemuck::Zeroable::zeroed();
            variant.tag = <ShapeTag>::LABEL;
            ::zeroipc::__private::set_payload::<
                FixedStr<16>,
            >(&mut variant.payload, &value);
            variant
        }
        /// What the case `label` carries, or `None` if it is another case.
        pub fn as_label(&self) -> ::core::option::Option<FixedStr<16>> {
            if self.tag == <ShapeTag>::LABEL {
                ::zeroipc::__private::payload::<FixedStr<16>>(&self.payload)
            } else {
                ::core::option::Option::None
            }
        }
    }
    impl ::core::fmt::Debug for Shape {
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            if self.tag == <ShapeTag>::NONE {
                return f.write_str("none");
            }
            if let ::core::option::Option::Some(value) = self.as_label() {
                return f.debug_tuple("label").field(&value).finish();
            }
            f.debug_struct("Shape").field("tag", &self.tag).finish_non_exhaustive()
        }
    }
    impl ::core::cmp::PartialEq for Shape {
        fn eq(&self, other: &Self) -> bool {
            if self.tag != other.tag {
                return false;
            }
            if self.tag == <ShapeTag>::NONE {
                return true;
            }
            if self.tag == <ShapeTag>::LABEL {
                return self.as_label() == other.as_label();
            }
            self.payload == other.payload
        }
    }
    unsafe impl ::zeroipc::__private::bytemuck::Zeroable for Shape {}
    unsafe impl ::zeroipc::__private::bytemuck::Pod for Shape {}
    unsafe impl ::zeroipc::ShmLayout for Shape {
        const DESC: &'static ::zeroipc::__private::TypeDesc<'static> = &::zeroipc::__private::TypeDesc::Struct {
            0: &::zeroipc::__private::StructDesc {
                name: "Shape",
                size: 24,
                align: 8,
                fields: &[
                    ::zeroipc::__private::FieldDesc {
                        name: "tag",
                        offset: 0,
                        unit: "",
                        ty: <ShapeTag as ::zeroipc::ShmLayout>::DESC,
                    },
                    ::zeroipc::__private::FieldDesc {
                        name: "text",
                        offset: 8,
                        unit: "",
                        ty: <FixedStr<16> as ::zeroipc::ShmLayout>::DESC,
                    },
                ],
            },
        };
    }
    ::zeroipc::__private::inventory::submit! {
        ::zeroipc::__private::Registered(< Shape as ::zeroipc::ShmLayout > ::DESC)
    }
};
