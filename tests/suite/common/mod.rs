//! What the tests share: one file per real thing they start or look at.
