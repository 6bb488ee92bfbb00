//! Names of LaTeX's macros: letters alone, each once.

use std::collections::BTreeSet;

/// What every macro of ours begins with.
pub(crate) const PREFIX: &str = "mrp";

/// Names that have been given.
#[derive(Default)]
pub(super) struct Names(BTreeSet<String>);

impl Names {
    /// The words in one, each begun with a capital; digits are spelt.
    pub(super) fn new_name(&mut self, words: &str) -> String {
        let mut name = PREFIX.to_owned();
        let mut begins = true;
        for character in words.chars() {
            match character {
                letter if letter.is_ascii_alphabetic() && begins => {
                    name.push(letter.to_ascii_uppercase());
                    begins = false;
                }
                letter if letter.is_ascii_alphabetic() => name.push(letter),
                digit if digit.is_ascii_digit() => {
                    let digit = digit as usize - '0' as usize;
                    name += DIGITS[digit];
                    begins = true;
                }
                _ => begins = true,
            }
        }
        // Names that differ in what LaTeX does not allow alone are told apart by an X.
        while !self.0.insert(name.clone()) {
            name.push('X');
        }
        name
    }
}

const DIGITS: [&str; 10] = [
    "Zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine",
];

#[cfg(test)]
mod tests {
    use super::Names;

    #[test]
    fn macros_have_names_of_letters_and_each_its_own() {
        let mut names = Names::default();
        let found = names.new_name("table-1 tau_3 rec0 qubiq/brain-growth growth mean");
        assert_eq!(
            found,
            "mrpTableOneTauThreeRecZeroQubiqBrainGrowthGrowthMean"
        );
        assert_eq!(names.new_name("a-b"), "mrpAB");
        assert_eq!(names.new_name("a b"), "mrpABX");
        assert_eq!(names.new_name("ä"), "mrp");
    }
}
