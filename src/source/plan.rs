//! What a kind of source gives to be started.

use std::{fmt, sync::Arc};

use super::SourceError;
use crate::media::{
    pipeline::Pipeline,
    template::{self, TemplateError, Value},
};

/// Puts what an element said into a source's own words, where it has some. May ask a server or look through `/proc`, which
/// takes a while: not for async code.
type Explain = Arc<dyn Fn(&Trouble) -> Option<SourceError> + Send + Sync>;

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
        Self { template, values, prepare: Box::new(|_| {}), explain: Arc::new(|_| None), looped: false }
    }

    /// What is done to the pipeline before it starts.
    pub(super) fn prepare(self, prepare: impl Fn(&Pipeline) + Send + Sync + 'static) -> Self {
        Self { prepare: Box::new(prepare), ..self }
    }

    /// What an error means here; `None` leaves it in GStreamer's words.
    pub(super) fn explain(self, explain: impl Fn(&Trouble) -> Option<SourceError> + Send + Sync + 'static) -> Self {
        Self { explain: Arc::new(explain), ..self }
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

    /// Puts what an element said into words, on a thread that may take its time.
    pub(super) async fn error(&self, trouble: Trouble) -> SourceError {
        let explain = Arc::clone(&self.explain);
        let said = move || explain(&trouble).unwrap_or_else(|| trouble.in_gstreamers_words());
        tokio::task::spawn_blocking(said).await.unwrap_or(SourceError::Ended)
    }
}

impl Trouble {
    pub(super) fn new(error: glib::Error, debug: Option<String>) -> Self {
        Self { error, debug: debug.unwrap_or_default() }
    }

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

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[tokio::test]
    async fn who_looks_for_words_holds_up_nobody() {
        let own = thread::current().id();
        let plan = Plan::new("", Vec::new())
            .explain(move |_| (thread::current().id() != own).then(|| SourceError::Failed("elsewhere".to_owned())));
        let error = glib::Error::new(gst::CoreError::Failed, "here");
        let said = plan.error(Trouble { error, debug: String::new() }).await;
        assert_eq!(said.to_string(), "elsewhere");
    }
}
