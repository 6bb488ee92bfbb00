//! Whole and real numbers as files store them, of either byte order.

/// How one number is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Number {
    U8,
    I8,
    U16,
    I16,
    U32,
    I32,
    U64,
    I64,
    F32,
    F64,
}

/// Which byte of a number comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ByteOrder {
    Little,
    Big,
}

/// Decodes chunks of `N` bytes, brought to little-endian order first.
fn decoded<const N: usize>(
    bytes: &[u8],
    order: ByteOrder,
    number: impl Fn([u8; N]) -> f64,
) -> Vec<f32> {
    let (chunks, _) = bytes.as_chunks::<N>();
    let one = |chunk: &[u8; N]| {
        let mut chunk = *chunk;
        if order == ByteOrder::Big {
            chunk.reverse();
        }
        number(chunk) as f32
    };
    chunks.iter().map(one).collect()
}

impl Number {
    /// Bytes that one number takes.
    pub(super) fn bytes(self) -> usize {
        match self {
            Self::U8 | Self::I8 => 1,
            Self::U16 | Self::I16 => 2,
            Self::U32 | Self::I32 | Self::F32 => 4,
            Self::U64 | Self::I64 | Self::F64 => 8,
        }
    }

    /// Decodes, applies `meaning` in 64 bits, and rounds once. Bytes behind the last whole number are left out.
    pub(super) fn decode(
        self,
        bytes: &[u8],
        order: ByteOrder,
        meaning: impl Fn(f64) -> f64,
    ) -> Vec<f32> {
        match self {
            Self::U8 => decoded(bytes, order, |b| meaning(f64::from(u8::from_le_bytes(b)))),
            Self::I8 => decoded(bytes, order, |b| meaning(f64::from(i8::from_le_bytes(b)))),
            Self::U16 => decoded(bytes, order, |b| meaning(f64::from(u16::from_le_bytes(b)))),
            Self::I16 => decoded(bytes, order, |b| meaning(f64::from(i16::from_le_bytes(b)))),
            Self::U32 => decoded(bytes, order, |b| meaning(f64::from(u32::from_le_bytes(b)))),
            Self::I32 => decoded(bytes, order, |b| meaning(f64::from(i32::from_le_bytes(b)))),
            Self::U64 => decoded(bytes, order, |b| meaning(u64::from_le_bytes(b) as f64)),
            Self::I64 => decoded(bytes, order, |b| meaning(i64::from_le_bytes(b) as f64)),
            Self::F32 => decoded(bytes, order, |b| meaning(f64::from(f32::from_le_bytes(b)))),
            Self::F64 => decoded(bytes, order, |b| meaning(f64::from_le_bytes(b))),
        }
    }
}
