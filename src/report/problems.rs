//! Manifest problems → text with the source line and a caret, or JSON.

use crate::manifest::document::{Node, Sources, Span};
use crate::manifest::problem::{Place, Problem, Problems, Severity};
use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use serde_json::{Value, json};

/// Characters of a line that are shown on either side of a problem.
const LINE_WINDOW: usize = 160;

/// Problems and what their places refer to.
#[derive(Debug, Clone, Copy)]
pub struct Findings<'a> {
    /// The problems.
    pub problems: &'a Problems,
    /// The files of their spans.
    pub sources: &'a Sources,
    /// The tree of their paths.
    pub config: Option<&'a Node>,
}

impl Findings<'_> {
    /// All problems, errors last so that they stand nearest to the prompt.
    pub fn render(&self, color: bool) -> String {
        let mut problems: Vec<&Problem> = self.problems.iter().collect();
        problems.sort_by_key(|problem| problem.severity);
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        let renderer = renderer.decor_style(DecorStyle::Ascii);
        problems.iter().map(|problem| self.render_one(problem, &renderer)).collect::<Vec<_>>().join("\n\n")
    }

    /// The problems as a JSON list.
    pub fn json(&self) -> Value {
        self.problems.iter().map(|problem| self.json_one(problem)).collect()
    }

    fn render_one(&self, problem: &Problem, renderer: &Renderer) -> String {
        let level = match problem.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let title = level.primary_title(problem.message.as_str());
        let help = problem.help.as_ref().map(|help| Level::HELP.message(help.as_str()));
        let excerpt = self.span(problem).and_then(|span| Excerpt::of(self.sources, span));
        let mut group = match &excerpt {
            Some(excerpt) => title.element(
                Snippet::source(excerpt.text)
                    .line_start(excerpt.line)
                    .path(excerpt.path.as_str())
                    .annotation(AnnotationKind::Primary.span(excerpt.range.clone())),
            ),
            None => Group::with_title(title),
        };
        if let Some(help) = help {
            group = group.element(help);
        }
        renderer.render(&[group])
    }

    fn json_one(&self, problem: &Problem) -> Value {
        let mut value = json!({
            "severity": match problem.severity { Severity::Error => "error", Severity::Warning => "warning" },
            "message": problem.message,
        });
        if let Some(span) = self.span(problem) {
            let at = self.sources.position(span);
            value["file"] = self.sources.path(span).map(|p| p.display().to_string()).into();
            value["line"] = at.line.into();
            value["column"] = at.column.into();
        }
        if let Place::Path(path) = &problem.place {
            value["path"] = path.as_str().into();
        }
        if let Some(help) = &problem.help {
            value["help"] = help.as_str().into();
        }
        value
    }

    fn span(&self, problem: &Problem) -> Option<Span> {
        match (&problem.place, self.config) {
            (Place::Span(span), _) => Some(*span),
            (Place::Path(path), Some(config)) => config.locate(path),
            _ => None,
        }
    }
}

/// The line of a problem, shortened where it is very long.
struct Excerpt<'a> {
    path: String,
    line: usize,
    text: &'a str,
    /// The annotated bytes of `text`.
    range: std::ops::Range<usize>,
}

impl<'a> Excerpt<'a> {
    fn of(sources: &'a Sources, span: Span) -> Option<Self> {
        let source = sources.get(span.source)?;
        let text = source.text.as_str();
        let start = text.floor_char_boundary(span.start as usize);
        let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = text[start..].find(['\n', '\r']).map_or(text.len(), |at| start + at);
        let from = text.floor_char_boundary(line_start.max(start.saturating_sub(LINE_WINDOW)));
        let to = text.floor_char_boundary(line_end.min(start + LINE_WINDOW)).max(start);
        let end = text.floor_char_boundary((span.end as usize).clamp(start, to)).max(start);
        let line = sources.position(span).line;
        Some(Self {
            path: source.path.display().to_string(),
            line,
            text: &text[from..to],
            range: start - from..end - from,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::document::SourceId;

    fn sources(text: &str) -> Sources {
        let mut sources = Sources::default();
        sources.add("rlx.yml", text);
        sources
    }

    fn span(start: u32, end: u32) -> Span {
        Span { source: SourceId(0), start, end }
    }

    #[test]
    fn a_problem_is_shown_with_its_line_and_a_caret() {
        let problems = Problems(vec![Problem::span(span(15, 18), "no such key").help("did you mean `abd`?")]);
        let sources = sources("service: shop\n\nabc: 1\n");
        let findings = Findings { problems: &problems, sources: &sources, config: None };
        insta::assert_snapshot!(findings.render(false), @r"
        error: no such key
         --> rlx.yml:3:1
          |
        3 | abc: 1
          | ^^^
          |
          = help: did you mean `abd`?
        ");
    }

    #[test]
    fn a_very_long_line_is_cut() {
        let problems = Problems(vec![Problem::span(span(5_000, 5_003), "wrong")]);
        let sources = sources(&"x".repeat(1_000_000));
        let text = Findings { problems: &problems, sources: &sources, config: None }.render(false);
        assert!(text.len() < 2_000, "{} bytes", text.len());
    }

    #[test]
    fn json_names_file_line_and_column() {
        let problems = Problems(vec![Problem::span(span(15, 18), "no such key")]);
        let sources = sources("service: shop\n\nabc: 1\n");
        let findings = Findings { problems: &problems, sources: &sources, config: None };
        assert_eq!(
            findings.json(),
            json!([{"severity": "error", "message": "no such key", "file": "rlx.yml", "line": 3, "column": 1}])
        );
    }
}
