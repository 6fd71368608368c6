//! The code that a sound struct gets: the impls, the checks that need sizes, and its place in `zeroipc::layouts()`.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{ConstParam, Member, Type};

use crate::check::is_named;
use crate::input::{Field, Input};
use crate::repr::Repr;

/// Every value that a parameter is tried with that is a number.
///
/// The offset of a field is a sum of products of parameters and constants: the lengths of arrays. That such a
/// polynomial is a multiple of an alignment for every value follows from that many values in a row, one more than its
/// degree, in each parameter. So eight prove it for every struct with arrays nested up to seven deep in one parameter.
const TRIED: std::ops::RangeInclusive<usize> = 1..=8;

pub(crate) fn expand(input: &Input<'_>) -> TokenStream {
    let impls = impls(input);
    let checks = checks(input);
    let registration = registration(input);
    quote! {
        #[allow(deprecated)]
        const _: () = {
            #impls
            #checks
            #registration
        };
    }
}

/// The impls, each with its proof; comments do not reach the emitted code.
///
/// `Zeroable` and `Pod`: every field is `Pod`, since it is `ShmLayout`, which the description requires; no byte is padding,
/// which the checks refuse; the struct is `repr(C)` or `repr(transparent)`, and the compiler sees that it is `Copy`.
/// `ShmLayout`: size, alignment and offsets are the compiler's own, and the descriptions are those of the field types.
fn impls(input: &Input<'_>) -> TokenStream {
    let ident = &input.original.ident;
    let (parameters, arguments, _) = input.original.generics.split_for_impl();
    let description = description(input);
    quote! {
        #[automatically_derived]
        impl #parameters ::zeroipc::__private::Copied for #ident #arguments {}

        #[automatically_derived]
        unsafe impl #parameters ::zeroipc::__private::bytemuck::Zeroable for #ident #arguments {}

        #[automatically_derived]
        unsafe impl #parameters ::zeroipc::__private::bytemuck::Pod for #ident #arguments {}

        #[automatically_derived]
        unsafe impl #parameters ::zeroipc::ShmLayout for #ident #arguments {
            const DESC: &'static ::zeroipc::__private::TypeDesc<'static> = #description;
        }
    }
}

fn description(input: &Input<'_>) -> TokenStream {
    if input.repr == Repr::Transparent {
        return input.fields.iter().map(|field| type_description(&field.original.ty)).collect();
    }
    let name = &input.name;
    let fields = input.fields.iter().map(field_description);
    // Braces instead of `Struct(…)`: so the references live as long as the constant on every supported compiler.
    quote! {
        &::zeroipc::__private::TypeDesc::Struct {
            0: &::zeroipc::__private::StructDesc {
                name: #name,
                size: ::zeroipc::__private::number(::core::mem::size_of::<Self>()),
                align: ::zeroipc::__private::number(::core::mem::align_of::<Self>()),
                fields: &[#(#fields),*],
            },
        }
    }
}

fn field_description(field: &Field<'_>) -> TokenStream {
    let (name, unit, member) = (&field.name, field.unit(), &field.member);
    let ty = type_description(&field.original.ty);
    quote! {
        ::zeroipc::__private::FieldDesc {
            name: #name,
            offset: ::zeroipc::__private::number(::core::mem::offset_of!(Self, #member)),
            unit: #unit,
            ty: #ty,
        }
    }
}

/// The description of a field's type. A type that is spelled like one of the standard library's goes through a trait
/// that is the same as `ShmLayout` but for the words in which a refusal is told.
fn type_description(ty: &Type) -> TokenStream {
    if let Some(wording) = wording(ty) {
        return quote!(<#ty as ::zeroipc::__private::#wording>::DESC);
    }
    match ty {
        Type::Array(array) if leaf_wording(ty) => {
            let (elem, len) = (type_description(&array.elem), &array.len);
            quote! {
                &::zeroipc::__private::TypeDesc::Array { count: ::zeroipc::__private::count(#len), elem: #elem }
            }
        }
        _ => quote!(<#ty as ::zeroipc::ShmLayout>::DESC),
    }
}

fn leaf_wording(ty: &Type) -> bool {
    match ty {
        Type::Array(array) => leaf_wording(&array.elem),
        _ => wording(ty).is_some(),
    }
}

/// The trait whose refusal fits a type of this name.
fn wording(ty: &Type) -> Option<TokenStream> {
    let Type::Path(path) = ty else { return None };
    Some(match path.path.segments.last()?.ident.to_string().as_str() {
        "String" | "CString" | "OsString" | "PathBuf" | "Cow" => quote!(FieldText),
        "Vec" | "VecDeque" | "HashMap" | "HashSet" | "BTreeMap" | "BTreeSet" | "BinaryHeap" => quote!(FieldCollection),
        "Box" | "Rc" | "Arc" | "Weak" | "NonNull" => quote!(FieldPointer),
        "Option" | "Result" => quote!(FieldChoice),
        "Mutex" | "RwLock" | "Cell" | "RefCell" | "UnsafeCell" | "OnceCell" | "OnceLock" => quote!(FieldInPlace),
        name if name.starts_with("Atomic") => quote!(FieldInPlace),
        _ => return None,
    })
}

/// The checks that need sizes: as constants, which `cargo check` evaluates, each at its field.
fn checks(input: &Input<'_>) -> TokenStream {
    let padding = padding_checks(input);
    let span = located_at(input.original.ident.span());
    // The description is the compiler's own for all instances; what one of them shows goes for the others.
    let whole = instances(input).into_iter().take(1).map(
        |Instance { ty, name }| quote_spanned!(span=> const _: () = ::zeroipc::__private::check_type::<#ty>(#name);),
    );
    quote!(#padding #(#whole)*)
}

/// No byte without a meaning, and no field without bytes.
pub(crate) fn padding_checks(input: &Input<'_>) -> TokenStream {
    let instances = instances(input);
    let mut checks = TokenStream::new();
    for field in &input.fields {
        checks.extend(instances.first().map(|instance| check_bytes(field, instance)));
    }
    if input.repr == Repr::C {
        for pair in input.fields.windows(2) {
            checks.extend(check_gap(input, &pair[0], &pair[1], &instances));
        }
        checks.extend(input.fields.last().map(|last| check_tail(input, last, &instances)));
    }
    checks
}

/// A field has bytes; where one instance has, all have.
fn check_bytes(field: &Field<'_>, instance: &Instance) -> TokenStream {
    let span = located_at(field.span());
    let name = &field.rust_name;
    let size = size(&instance.ty, &field.member, span);
    quote_spanned!(span=> const _: () = ::zeroipc::__private::check_bytes(#name, #size);)
}

/// The place of a token, with names resolved as the derive's own.
pub(crate) fn located_at(span: Span) -> Span {
    Span::call_site().located_at(span)
}

/// No byte between two fields.
fn check_gap(input: &Input<'_>, before: &Field<'_>, after: &Field<'_>, instances: &[Instance]) -> TokenStream {
    let span = located_at(after.span());
    let note = note(input);
    let (before_name, after_name, after_member) = (&before.rust_name, &after.rust_name, &after.member);
    let calls = instances.iter().map(|Instance { ty, name }| {
        let end = end(ty, &before.member, span);
        let start = quote_spanned!(span=> ::core::mem::offset_of!(#ty, #after_member));
        quote_spanned!(span=> ::zeroipc::__private::check_gap(#name, #before_name, #after_name, #end, #start, #note);)
    });
    quote_spanned!(span=> const _: () = { #(#calls)* };)
}

/// No byte behind the last field.
fn check_tail(input: &Input<'_>, last: &Field<'_>, instances: &[Instance]) -> TokenStream {
    let span = located_at(last.span());
    let note = note(input);
    let last_name = &last.rust_name;
    let calls = instances.iter().map(|Instance { ty, name }| {
        let end = end(ty, &last.member, span);
        let size = quote_spanned!(span=> ::core::mem::size_of::<#ty>());
        quote_spanned!(span=> ::zeroipc::__private::check_tail(#name, #last_name, #end, #size, #note);)
    });
    quote_spanned!(span=> const _: () = { #(#calls)* };)
}

/// Where a field ends, as two arguments: its offset and its size.
fn end(ty: &TokenStream, member: &Member, span: Span) -> TokenStream {
    let size = size(ty, member, span);
    quote_spanned!(span=> ::core::mem::offset_of!(#ty, #member), #size)
}

/// The size of a field, taken from the field itself and not from how its type is spelled, which may use `Self`.
fn size(ty: &TokenStream, member: &Member, span: Span) -> TokenStream {
    quote_spanned!(span=> ::zeroipc::__private::size_of_field(|it: &#ty| &it.#member))
}

fn note(input: &Input<'_>) -> TokenStream {
    if input.original.generics.params.is_empty() { quote!("") } else { quote!(::zeroipc::__private::GENERIC) }
}

/// The struct with every parameter given.
struct Instance {
    ty: TokenStream,
    name: String,
}

/// The struct itself, or with const parameters every combination of the values that are tried.
fn instances(input: &Input<'_>) -> Vec<Instance> {
    let ident = &input.original.ident;
    let generics = &input.original.generics;
    let combinations = generics.const_params().fold(vec![Vec::new()], |combinations: Vec<Vec<String>>, parameter| {
        let with = |all: &Vec<String>, value: String| all.iter().cloned().chain([value]).collect();
        combinations.iter().flat_map(|all| tried(parameter).into_iter().map(move |value| with(all, value))).collect()
    });
    let instance = |values: Vec<String>| {
        if values.is_empty() {
            return Instance { ty: quote!(#ident), name: ident.to_string() };
        }
        let name = format!("{ident}<{}>", values.join(", "));
        let values = values.iter().filter_map(|value| value.parse::<TokenStream>().ok());
        Instance { ty: quote!(#ident<#(#values),*>), name }
    };
    combinations.into_iter().map(instance).collect()
}

/// The values that a parameter is tried with. Nothing's size can depend on a `bool` or `char` here, since a type that is
/// chosen by one needs a `where`.
fn tried(parameter: &ConstParam) -> Vec<String> {
    if is_named(&parameter.ty, "bool") {
        vec!["false".to_owned()]
    } else if is_named(&parameter.ty, "char") {
        vec!["'a'".to_owned()]
    } else {
        TRIED.map(|value| value.to_string()).collect()
    }
}

/// A place in `zeroipc::layouts()` for a struct that is one type with a name of its own.
fn registration(input: &Input<'_>) -> TokenStream {
    if input.repr == Repr::Transparent || !input.original.generics.params.is_empty() {
        return TokenStream::new();
    }
    let ident = &input.original.ident;
    quote! {
        ::zeroipc::__private::inventory::submit! {
            ::zeroipc::__private::Registered(<#ident as ::zeroipc::ShmLayout>::DESC)
        }
    }
}
