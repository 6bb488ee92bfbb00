//! The draft as TOML, with `# ?` behind what was guessed.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::Draft;
use super::content::Content;
use super::layout::Layout;

/// A line of TOML, with a question behind it or without.
struct Lines {
    text: String,
    questions: Vec<String>,
}

impl Lines {
    fn sure(&mut self, line: &str) {
        let _ = writeln!(self.text, "{line}");
    }

    fn asked(&mut self, line: &str, question: &str) {
        let _ = writeln!(self.text, "{line}  # ? {question}");
        self.questions.push(question.to_owned());
    }
}

/// TOML's basic string.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            letter if letter.is_control() => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(letter));
            }
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

/// Writes the draft.
pub(super) fn write(name: &str, layout: &Layout, content: &Content) -> Draft {
    let mut lines = Lines {
        text: String::new(),
        questions: layout.questions.clone(),
    };
    let sizes: Vec<_> = content.sizes.iter().map(String::as_str).collect();
    lines.sure(&format!(
        "# Drafted by `mrprism data init`: {} cases, {} raters, images of {} pixels. Lines with `# ?` are guesses.",
        layout.cases.len(),
        layout.raters.len(),
        sizes.join(", ")
    ));
    for question in &layout.questions {
        lines.sure(&format!("# ? {question}"));
    }
    lines.sure(&format!("name = {}", quoted(name)));
    lines.sure(&format!("image = {}", quoted(&layout.image)));
    lines.sure(&format!("masks = {}", quoted(&layout.masks)));
    structures(&mut lines, &layout.structures);
    lines.asked(
        "raters = \"stable\"",
        "is each rater the same person in every case? If not: \"exchangeable\"",
    );
    if let Some(rule) = &content.foreground {
        let line = format!("foreground = {rule}");
        match &content.doubt {
            Some(doubt) => lines.asked(&line, doubt),
            None => lines.sure(&line),
        }
    }
    if let Some(template) = &layout.arbitrated {
        lines.asked(
            &format!("arbitrated = {}", quoted(template)),
            "do these masks, which name no rater, hold what was agreed on?",
        );
        lines.asked(
            &format!("arbitrated_kind = \"{}\"", kind(template)),
            "who decided them: \"expert\", \"staple\" or \"unknown\"?",
        );
    }
    patients(&mut lines, &layout.cases);
    lines.asked(
        &format!("intensity = \"{}\"", content.intensity),
        "does this fit the images? Others: \"minmax\", \"percentile:1:99\", \"ct:-400:800\", \"rgb\"",
    );
    lines.asked(
        &format!(
            "split = {{ fractions = {} }}",
            fractions(layout.cases.len())
        ),
        "is there an official split? Then name its cases: { test = [..], validation = [..] }",
    );
    lines.sure("split_seed = 0");
    lines.sure(&format!("folds = {}", layout.cases.len().clamp(2, 5)));
    lines.sure("# licence = \"…\"");
    lines.sure("# source = \"…\"");
    Draft {
        text: lines.text,
        questions: lines.questions,
    }
}

fn structures(lines: &mut Lines, words: &[String]) {
    if words.is_empty() {
        lines.asked(
            "structures = [\"structure\"]",
            "what is segmented? Give it its name",
        );
        return;
    }
    let quoted: Vec<_> = words.iter().map(|word| quoted(word)).collect();
    lines.sure(&format!("structures = [{}]", quoted.join(", ")));
    if words.len() > 1 {
        let question = "does one structure lie inside the other? Then say so, outermost first";
        lines.asked(&format!("# nested = [{}]", quoted.join(", ")), question);
    }
}

fn kind(template: &str) -> &'static str {
    let lower = template.to_lowercase();
    if lower.contains("staple") || lower.contains("est_gt") {
        "staple"
    } else {
        "unknown"
    }
}

/// Where names before their last separator come several times, they may be patients.
fn patients(lines: &mut Lines, cases: &BTreeSet<String>) {
    let separators = ['-', '_', '.', ' '];
    let beginnings: BTreeSet<_> = cases
        .iter()
        .filter_map(|case| case.rfind(separators).map(|at| &case[..at]))
        .collect();
    let all = cases.iter().all(|case| case.contains(separators));
    if all && beginnings.len() > 2 && 2 * beginnings.len() <= cases.len() {
        lines.asked(
            "patient = '^(?P<patient>.+)[-_. ][^-_. ]*$'",
            "is the name before the last separator the patient? Cases of one patient share a split",
        );
    } else {
        lines.asked(
            "# patient = '^(?P<patient>[^_]+)_'",
            "does a patient have several cases? Then say which part of the name is the patient",
        );
    }
}

fn fractions(cases: usize) -> &'static str {
    if cases >= 20 {
        "[0.7, 0.1, 0.2]"
    } else {
        "[0.6, 0.2, 0.2]"
    }
}
