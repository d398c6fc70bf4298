//! What a studio is to have.

use super::shelf::Shelf;
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

    /// Whether what is on `shelf`, which was made with `settings`, is what is wanted.
    pub(super) fn keeps(&self, shelf: &Shelf, settings: &Settings) -> bool {
        self.settings.encodes_as(settings) && self.specs.contains(&shelf.spec)
    }
}
