//! Tables through templates: those built in, or a user's own in place of one.
//!
//! A template sees its context (docs/templates.md) and nothing else: it opens no file, and what it names must be there.

use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use serde::Serialize;

use super::{latex, markdown};

/// A template's text, and the name that its faults are told by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// A file's name.
    pub name: String,
    /// What stands in it.
    pub text: String,
}

/// What is wrong with a template: its name, the line where it can be told, and what to mend.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name}:{line}: {message}; docs/templates.md lists what a template can print")]
pub struct TemplateError {
    /// The template.
    pub name: String,
    /// From 1; 0 where the fault has no line.
    pub line: usize,
    /// What is wrong.
    pub message: String,
}

/// Prints `context`. Line ends after blocks and blanks before them are no text; there is no line end at the end.
pub(super) fn rendered(
    template: &Template,
    context: &impl Serialize,
) -> Result<String, TemplateError> {
    let told = |error: &minijinja::Error| TemplateError {
        name: template.name.clone(),
        line: error.line().unwrap_or_default(),
        message: message(error),
    };
    let mut environment = environment().map_err(|error| told(&error))?;
    environment
        .add_template(&template.name, &template.text)
        .map_err(|error| told(&error))?;
    environment
        .get_template(&template.name)
        .and_then(|found| found.render(context))
        .map_err(|error| told(&error))
}

/// Delimiters that LaTeX does not use; no escaping but by filters; built without `include` and its like.
fn environment<'a>() -> Result<Environment<'a>, minijinja::Error> {
    let mut environment = Environment::new();
    let syntax = SyntaxConfig::builder()
        .block_delimiters("<%", "%>")
        .variable_delimiters("<<", ">>")
        .comment_delimiters("<#", "#>")
        .build()?;
    environment.set_syntax(syntax);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_trim_blocks(true);
    environment.set_lstrip_blocks(true);
    environment.add_filter("tex", |text: &str| latex::escaped(text));
    environment.add_filter("md", |text: &str| markdown::escaped(text));
    environment.add_filter("line", |text: &str| text.replace(['\n', '\r'], " "));
    Ok(environment)
}

/// The innermost cause says most: a macro's fault is told where it is called and why.
fn message(error: &minijinja::Error) -> String {
    let kind = error.kind().to_string();
    error
        .detail()
        .map_or_else(|| kind.clone(), |detail| format!("{kind}: {detail}"))
}

#[cfg(test)]
mod tests {
    use super::{Template, rendered};

    fn told(text: &str) -> String {
        let template = Template {
            name: "mine.tex".to_owned(),
            text: text.to_owned(),
        };
        let context = [("experiment", "a_b")];
        let context: std::collections::BTreeMap<_, _> = context.into();
        rendered(&template, &context).unwrap_or_else(|error| error.to_string())
    }

    #[test]
    fn a_template_prints_its_context_and_escapes_where_it_is_told_to() {
        assert_eq!(
            told("{{<<experiment | tex>>}} <<experiment>>"),
            r"{{a\_b}} a_b"
        );
    }

    #[test]
    fn faults_are_told_with_name_and_line() {
        for (text, begins) in [
            ("one\n<<nothing>>", "mine.tex:2: undefined value"),
            ("one\ntwo\n<% for x in %>", "mine.tex:3: syntax error"),
            ("<<experiment | nofilter>>", "mine.tex:1: unknown filter"),
            (
                "\n<% include \"/etc/passwd\" %>",
                "mine.tex:2: syntax error: unknown statement include",
            ),
            (
                "<% extends \"../x\" %>",
                "mine.tex:1: syntax error: unknown statement extends",
            ),
        ] {
            let told = told(text);
            assert!(told.starts_with(begins), "{told}");
        }
    }
}
