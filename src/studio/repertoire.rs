//! What a studio is to have.

use super::{Stage, shelf::Shelf};
use crate::{
    encoder::{Lineup, LineupError, Settings},
    source::Spec,
};

/// Sources, and how they are encoded: known to be possible here.
#[derive(Debug, Clone)]
pub struct Repertoire {
    pub(super) specs: Vec<Spec>,
    pub(super) settings: Settings,
    pub(super) lineup: Lineup,
}

impl Repertoire {
    /// These sources, encoded so.
    ///
    /// # Errors
    /// When the settings ask for an encoder that is not here.
    pub fn new(specs: Vec<Spec>, settings: Settings) -> Result<Self, LineupError> {
        let lineup = Lineup::choose(&settings)?;
        Ok(Self { specs, settings, lineup })
    }

    /// Whether that is all that there is.
    pub(super) fn is(&self, stage: &Stage) -> bool {
        let present = stage.shelves.iter().map(|shelf| shelf.spec.borrow().clone());
        self.settings == stage.settings && self.specs.iter().cloned().eq(present)
    }

    /// Whether what is on `shelf`, which was made with `settings`, can be what is wanted.
    pub(super) fn keeps(&self, shelf: &Shelf, settings: &Settings) -> bool {
        let present = shelf.spec.borrow();
        let keeps = |spec: &Spec| spec.name() == present.name() && (*spec == *present || spec.has_form_of(&present));
        self.settings.encodes_as(settings) && self.specs.iter().any(keeps)
    }
}
