//! Bytes as a source of choices, so that one generator serves random tests, which shrink, and a fuzzer, which
//! learns. When the bytes are used up, every choice is the first one, which is the plainest.

pub(crate) struct Choices<'a>(&'a [u8]);

impl<'a> Choices<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Whether there are bytes left to choose by.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A number below `limit`.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        let mut byte = || {
            let (first, rest) = self.0.split_first().unwrap_or((&0, &[]));
            self.0 = rest;
            usize::from(*first)
        };
        let number = if limit > 1 << 8 { byte() << 8 | byte() } else { byte() };
        number % limit.max(1)
    }

    /// True once in `limit` times; false is the plain choice.
    pub(crate) fn one_in(&mut self, limit: usize) -> bool {
        self.below(limit) == limit - 1
    }

    pub(crate) fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    /// A place in something of this length, its end included.
    pub(crate) fn place(&mut self, length: usize) -> usize {
        self.below(length + 1)
    }
}
