//! Random things, the same for the same seed.

/// A small generator of numbers (SplitMix64, <https://prng.di.unimi.it/splitmix64.c>).
#[derive(Debug)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    pub(crate) fn pick<'a, T>(&mut self, things: &'a [T]) -> &'a T {
        &things[self.below(things.len())]
    }
}

/// A schema of random structs, each of which may contain the ones before it. Holes are filled with `reserved`.
pub(crate) fn schema(random: &mut Random, structs: usize) -> String {
    const SCALARS: [(&str, u64); 11] = [
        ("u8", 1),
        ("u16", 2),
        ("u32", 4),
        ("u64", 8),
        ("i8", 1),
        ("i16", 2),
        ("i32", 4),
        ("i64", 8),
        ("f32", 4),
        ("f64", 8),
        ("bool8", 1),
    ];
    let mut known: Vec<(String, u64, u64)> = SCALARS.map(|(name, size)| (name.to_owned(), size, size)).to_vec();
    let mut text = String::from("namespace chance;\n");
    for i in 0..structs {
        let (mut end, mut align, mut body) = (0u64, 1u64, String::new());
        for field in 0..1 + random.below(8) {
            let (ty, size, field_align) = random_type(random, &known);
            let start = end.next_multiple_of(field_align);
            if start > end {
                body.push_str(&format!("    reserved {};\n", start - end));
            }
            body.push_str(&format!("    f{field}: {ty};\n"));
            (end, align) = (start + size, align.max(field_align));
        }
        let raised = if random.below(4) == 0 { align << random.below(4) } else { align };
        let size = end.next_multiple_of(raised);
        if size > end {
            body.push_str(&format!("    reserved {};\n", size - end));
        }
        let attribute = if raised > align { format!(" @align({raised})") } else { String::new() };
        text.push_str(&format!("struct S{i}{attribute} {{\n{body}}}\n"));
        if size < 4096 {
            known.push((format!("S{i}"), size, raised));
        }
    }
    text
}

/// A type with its size and alignment.
fn random_type(random: &mut Random, known: &[(String, u64, u64)]) -> (String, u64, u64) {
    let (mut ty, mut size, align) = match random.below(8) {
        0 => {
            let len = 1 + random.below(20);
            (format!("str[{len}]"), len as u64, 1)
        }
        1 => {
            let len = 1 + random.below(20);
            (format!("bytes[{len}]"), len as u64, 1)
        }
        _ => random.pick(known).clone(),
    };
    while random.below(3) == 0 && size < 1024 {
        let count = 1 + random.below(5);
        ty = format!("[{ty}; {count}]");
        size *= count as u64;
    }
    (ty, size, align)
}
