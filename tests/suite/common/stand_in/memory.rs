//! A device's memory: frames that are the same, and caps that say they lie there.

use gst::{glib, prelude::*};

const NVMM: &str = "memory:NVMM";

macro_rules! label {
    ($module:ident, $element:literal, $wraps:literal) => {
        mod $module {
            use super::*;

            mod imp {
                use std::sync::OnceLock;

                use gst::subclass::prelude::*;
                use gst_base::subclass::{BaseTransformMode, prelude::*};

                use super::*;

                #[derive(Default)]
                pub struct Label;

                #[glib::object_subclass]
                impl ObjectSubclass for Label {
                    const NAME: &'static str = concat!("Label-", $element);
                    type Type = super::Label;
                    type ParentType = gst_base::BaseTransform;
                }

                impl ObjectImpl for Label {}
                impl GstObjectImpl for Label {}

                impl ElementImpl for Label {
                    fn metadata() -> Option<&'static gst::subclass::ElementMetadata> {
                        static METADATA: OnceLock<gst::subclass::ElementMetadata> = OnceLock::new();
                        let new = || gst::subclass::ElementMetadata::new($element, "Filter", "stand-in", "tests");
                        Some(METADATA.get_or_init(new))
                    }
                    fn pad_templates() -> &'static [gst::PadTemplate] {
                        static TEMPLATES: OnceLock<Vec<gst::PadTemplate>> = OnceLock::new();
                        let template = |(name, direction)| {
                            gst::PadTemplate::new(name, direction, gst::PadPresence::Always, &gst::Caps::new_any())
                                .unwrap()
                        };
                        let pads = [("sink", gst::PadDirection::Sink), ("src", gst::PadDirection::Src)];
                        TEMPLATES.get_or_init(|| pads.into_iter().map(template).collect())
                    }
                }

                impl BaseTransformImpl for Label {
                    const MODE: BaseTransformMode = BaseTransformMode::AlwaysInPlace;
                    const PASSTHROUGH_ON_SAME_CAPS: bool = false;
                    const TRANSFORM_IP_ON_PASSTHROUGH: bool = false;
                    fn transform_caps(
                        &self,
                        direction: gst::PadDirection,
                        caps: &gst::Caps,
                        filter: Option<&gst::Caps>,
                    ) -> Option<gst::Caps> {
                        let labelled = (direction == gst::PadDirection::Sink) == $wraps;
                        let mut other = caps.copy();
                        if !caps.is_any() {
                            let features = labelled.then(|| gst::CapsFeatures::new([NVMM]));
                            other.make_mut().set_features_simple(features);
                        }
                        Some(match filter {
                            Some(filter) => filter.intersect_with_mode(&other, gst::CapsIntersectMode::First),
                            None => other,
                        })
                    }
                    fn transform_ip(&self, _: &mut gst::BufferRef) -> Result<gst::FlowSuccess, gst::FlowError> {
                        Ok(gst::FlowSuccess::Ok)
                    }
                }
            }

            glib::wrapper! {
                pub struct Label(ObjectSubclass<imp::Label>)
                    @extends gst_base::BaseTransform, gst::Element, gst::Object;
            }
        }
    };
}

label!(wrap, "standinwrap", true);
label!(unwrap, "standinunwrap", false);

pub(super) fn register() {
    gst::Element::register(None, "standinwrap", gst::Rank::NONE, wrap::Label::static_type()).unwrap();
    gst::Element::register(None, "standinunwrap", gst::Rank::NONE, unwrap::Label::static_type()).unwrap();
}
