//! A path cut into words, and which words mean what.

/// Words that a rater's number or letter follows.
const RATER: [&str; 19] = [
    "expert",
    "rater",
    "reader",
    "annotator",
    "annotation",
    "observer",
    "grader",
    "physician",
    "doctor",
    "reviewer",
    "radiologist",
    "labeler",
    "labeller",
    "mask",
    "seg",
    "label",
    "manual",
    "ann",
    "r",
];
/// Words whose number is never a rater.
const NOT_RATER: [&str; 14] = [
    "slice", "frame", "case", "patient", "subject", "image", "img", "scan", "series", "visit",
    "nodule", "sample", "fold", "z",
];

/// Whether a number or letter behind this word is a rater.
pub(super) fn means_rater(word: &str) -> bool {
    RATER.contains(&word.to_lowercase().as_str())
}

/// Whether a number behind this word is something else than a rater.
pub(super) fn means_no_rater(word: &str) -> bool {
    NOT_RATER.contains(&word.to_lowercase().as_str())
}

/// A path as words with what stands before each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Words {
    pub(super) words: Vec<String>,
    /// As many as words: the separator before each.
    pub(super) before: Vec<String>,
}

impl Words {
    /// Cuts a path with '/' between components. Nothing is lost: words and separators in turn give the path again.
    pub(super) fn of(path: &str) -> Self {
        let mut cut = Self {
            words: Vec::new(),
            before: Vec::new(),
        };
        let mut separator = String::new();
        let mut word = String::new();
        for letter in path.chars() {
            if letter.is_alphanumeric() {
                word.push(letter);
            } else {
                cut.push(&mut separator, &mut word);
                separator.push(letter);
            }
        }
        cut.push(&mut separator, &mut word);
        cut
    }

    fn push(&mut self, separator: &mut String, word: &mut String) {
        if word.is_empty() {
            return;
        }
        let digits = word.chars().rev().take_while(char::is_ascii_digit).count();
        let (stem, number) = word.split_at(word.len() - digits);
        self.before.push(std::mem::take(separator));
        if (1..=2).contains(&digits) && means_rater(stem) {
            self.words.push(stem.to_owned());
            self.words.push(number.to_owned());
            self.before.push(String::new());
        } else {
            self.words.push(word.clone());
        }
        word.clear();
    }

    /// What files of one group share: separators, and words of two letters or more.
    pub(super) fn shape(&self) -> Vec<String> {
        let words = self.words.iter().map(|word| {
            let letters = word.chars().all(char::is_alphabetic) && word.chars().count() > 1;
            if letters { word.as_str() } else { "" }
        });
        let pairs = self.before.iter().zip(words);
        pairs
            .map(|(before, word)| format!("{before}\0{word}"))
            .collect()
    }

    /// Words `first` to `last` with what stands between them.
    pub(super) fn joined(&self, first: usize, last: usize) -> String {
        let mut text = self.words[first].clone();
        for word in first + 1..=last {
            text.push_str(&self.before[word]);
            text.push_str(&self.words[word]);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::Words;

    #[test]
    fn words_and_separators_give_the_path_again() {
        for path in [
            "labels/expert_1/0011_cFOS.png",
            "a b/c--d.nii.gz",
            "x1y/rater12.png",
        ] {
            let words = Words::of(path);
            assert_eq!(words.joined(0, words.words.len() - 1), path);
        }
    }

    #[test]
    fn a_raters_number_is_cut_from_its_word_and_no_other_is() {
        let words = |path| Words::of(path).words;
        assert_eq!(words("case01_rater2.png"), ["case01", "rater", "2", "png"]);
        assert_eq!(words("task01_seg03.nii"), ["task01", "seg", "03", "nii"]);
        assert_eq!(words("seg2022.png"), ["seg2022", "png"]);
    }

    #[test]
    fn letters_make_the_shape_and_numbers_do_not() {
        let shape = |path| Words::of(path).shape();
        assert_eq!(shape("images/0011.png"), shape("images/a7.png"));
        assert_eq!(shape("masks/1/x1.png"), shape("masks/b/y1.png"));
        assert_ne!(shape("labels/est_GT/1.png"), shape("labels/expert_1/1.png"));
    }
}
