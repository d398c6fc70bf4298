//! What a kind of source gives to be started.

use std::fmt;

use super::SourceError;
use crate::media::{
    pipeline::Pipeline,
    template::{self, TemplateError, Value},
};

/// Puts what an element said into a source's own words, where it has some.
type Explain = Box<dyn Fn(&Trouble) -> Option<SourceError> + Send + Sync>;

/// How a source is started, and how its errors are put into words.
pub(super) struct Plan {
    template: &'static str,
    values: Vec<(&'static str, Value)>,
    prepare: Box<dyn Fn(&Pipeline) + Send + Sync>,
    explain: Explain,
    looped: bool,
}

/// What an element of a source said when it gave up.
#[derive(Debug, Clone)]
pub(super) struct Trouble {
    pub(super) error: glib::Error,
    pub(super) debug: String,
}

impl Plan {
    /// The pipeline of this template with these values.
    pub(super) fn new(template: &'static str, values: Vec<(&'static str, Value)>) -> Self {
        Self { template, values, prepare: Box::new(|_| {}), explain: Box::new(|_| None), looped: false }
    }

    /// What is done to the pipeline before it starts.
    pub(super) fn prepare(self, prepare: impl Fn(&Pipeline) + Send + Sync + 'static) -> Self {
        Self { prepare: Box::new(prepare), ..self }
    }

    /// What an error means here; `None` leaves it in GStreamer's words.
    pub(super) fn explain(self, explain: impl Fn(&Trouble) -> Option<SourceError> + Send + Sync + 'static) -> Self {
        Self { explain: Box::new(explain), ..self }
    }

    /// It has an end, and is played from the start again there.
    pub(super) fn looped(self) -> Self {
        Self { looped: true, ..self }
    }

    pub(super) const fn is_looped(&self) -> bool {
        self.looped
    }

    pub(super) fn description(&self) -> Result<String, TemplateError> {
        template::fill(self.template, &self.values)
    }

    pub(super) fn apply(&self, pipeline: &Pipeline) {
        (self.prepare)(pipeline);
    }

    pub(super) fn error(&self, trouble: &Trouble) -> SourceError {
        (self.explain)(trouble).unwrap_or_else(|| trouble.in_gstreamers_words())
    }
}

impl Trouble {
    /// Whether this is what went wrong.
    pub(super) fn is<E: glib::error::ErrorDomain + PartialEq>(&self, kind: E) -> bool {
        self.error.kind::<E>() == Some(kind)
    }

    pub(super) fn in_gstreamers_words(&self) -> SourceError {
        // The first line of the details names the source file; the second says what the system said.
        let detail = self.debug.lines().nth(1).unwrap_or_default().trim();
        let message = self.error.message();
        SourceError::Failed(if detail.is_empty() { message.to_owned() } else { format!("{message} ({detail})") })
    }
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plan").field("template", &self.template).field("values", &self.values).finish_non_exhaustive()
    }
}
