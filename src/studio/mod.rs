//! The sources and encoders that run, each once, shared by all who take from them.
