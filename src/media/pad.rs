//! Pads outside of any pipeline: what the house itself puts between its pipelines.

use gst::prelude::*;

/// A source pad without an element, to be given its functions, built and [`opened`].
pub(crate) fn source(name: &str) -> gst::PadBuilder<gst::Pad> {
    gst::Pad::builder_from_template(&template(gst::PadDirection::Src)).name(name)
}

/// A sink pad without an element, to be given its functions, built and [`opened`].
pub(crate) fn sink(name: &str) -> gst::PadBuilder<gst::Pad> {
    gst::Pad::builder_from_template(&template(gst::PadDirection::Sink)).name(name)
}

/// Lets it pass what comes: it has no element that would activate it.
pub(crate) fn opened(pad: gst::Pad) -> gst::Pad {
    let _ = pad.set_active(true);
    pad
}

/// It takes anything. Without one, a pad takes no other caps than its first.
fn template(direction: gst::PadDirection) -> gst::PadTemplate {
    let any = gst::Caps::new_any();
    gst::PadTemplate::new("any", direction, gst::PadPresence::Request, &any).expect("a name, and caps without fields")
}
