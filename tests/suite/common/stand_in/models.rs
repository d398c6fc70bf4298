//! The vendors' elements, each with its properties.

use std::sync::Arc;

use gst::{glib, prelude::*, subclass::prelude::*};

use super::{Behaviour, Model, Shared, assemble, behaviour, control, force_keyframe, properties, tell, tune};

pub(super) const X264: &str = "x264enc name=inner tune=zerolatency speed-preset=ultrafast key-int-max=2560 b-adapt=false \
                    vbv-buf-capacity=120 ! capsfilter caps=video/x-h264,profile=constrained-baseline";
pub(super) const HIGH: &str = "x264enc name=inner tune=zerolatency speed-preset=veryfast key-int-max=2560 b-adapt=false \
                    vbv-buf-capacity=120 ! capsfilter caps=video/x-h264,profile=high";
const JETSON: &str = "standinunwrap ! x264enc name=inner tune=zerolatency speed-preset=ultrafast key-int-max=2560 \
                      b-adapt=false vbv-buf-capacity=120 ! capsfilter caps=video/x-h264,profile=constrained-baseline";
const VP8: &str = "videoconvert ! vp8enc name=inner deadline=1 cpu-used=-16 end-usage=cbr keyframe-mode=disabled keyframe-max-dist=2000 \
                   buffer-initial-size=100 buffer-optimal-size=120 buffer-size=150 lag-in-frames=0 threads=1";
const VP9: &str = "videoconvert ! vp9enc name=inner deadline=1 cpu-used=9 end-usage=cbr keyframe-mode=disabled \
                   keyframe-max-dist=2000 buffer-initial-size=100 buffer-optimal-size=120 buffer-size=150 lag-in-frames=0";

/// Registers an element; `false` where there is none of this name, or it can't be done.
pub(super) fn register(element: &str) -> bool {
    match element {
        "vah264enc" => va::register(),
        "nvh264enc" => nv::register(),
        "nvv4l2h264enc" => jetson::register() && converter::register(),
        "mpph264enc" => mpp::register(),
        "mppvp8enc" => mpp_vp8::register(),
        "v4l2h264enc" => v4l2::register(),
        "v4l2vp8enc" => v4l2_vp8::register(),
        "qsvh264enc" => qsv::register(),
        "vaapih264enc" => vaapi::register(),
        "vah264lpenc" => va_low_power::register(),
        "vavp9enc" => va_vp9::register(),
        "qsvvp9enc" => qsv_vp9::register(),
        _ => false,
    }
}

macro_rules! stand_in {
    ($module:ident, $model:expr) => {
        mod $module {
            use super::*;

            static MODEL: Model = $model;

            mod imp {
                use std::sync::OnceLock;

                use super::*;

                #[derive(Default)]
                pub struct StandIn {
                    shared: Arc<Shared>,
                }

                #[glib::object_subclass]
                impl ObjectSubclass for StandIn {
                    const NAME: &'static str = concat!("StandIn-", stringify!($module));
                    type Type = super::StandIn;
                    type ParentType = gst::Bin;
                }

                impl ObjectImpl for StandIn {
                    fn properties() -> &'static [glib::ParamSpec] {
                        static ALL: OnceLock<Vec<glib::ParamSpec>> = OnceLock::new();
                        ALL.get_or_init(|| properties(&MODEL))
                    }
                    fn signals() -> &'static [glib::subclass::Signal] {
                        static ALL: OnceLock<Vec<glib::subclass::Signal>> = OnceLock::new();
                        let handle = |values: &[glib::Value]| {
                            let stand_in = values[0].get::<super::StandIn>().unwrap();
                            force_keyframe(stand_in.upcast_ref(), &stand_in.imp().shared);
                            None
                        };
                        ALL.get_or_init(|| {
                            let signal = |name: &&'static str| {
                                glib::subclass::Signal::builder(name).action().class_handler(handle).build()
                            };
                            MODEL.action.iter().map(signal).collect()
                        })
                    }
                    fn set_property(&self, _: usize, value: &glib::Value, spec: &glib::ParamSpec) {
                        let bin = self.obj();
                        if spec.name() == "extra-controls" {
                            let controls = value.get::<gst::Structure>().unwrap();
                            control(bin.upcast_ref(), &MODEL, &self.shared, &controls);
                        } else if spec.name() == MODEL.bitrate.0 {
                            tell(bin.upcast_ref(), &MODEL, &self.shared, value.get().unwrap());
                        } else {
                            tune(MODEL.element, spec.name(), value);
                        }
                    }
                    fn property(&self, _: usize, spec: &glib::ParamSpec) -> glib::Value {
                        spec.default_value().clone()
                    }
                    fn constructed(&self) {
                        self.parent_constructed();
                        assemble(self.obj().upcast_ref(), &MODEL, &self.shared);
                    }
                }

                impl GstObjectImpl for StandIn {}

                impl ElementImpl for StandIn {
                    fn metadata() -> Option<&'static gst::subclass::ElementMetadata> {
                        static METADATA: OnceLock<gst::subclass::ElementMetadata> = OnceLock::new();
                        let new = || gst::subclass::ElementMetadata::new(MODEL.element, "Encoder", "stand-in", "tests");
                        Some(METADATA.get_or_init(new))
                    }
                    fn change_state(
                        &self,
                        change: gst::StateChange,
                    ) -> Result<gst::StateChangeSuccess, gst::StateChangeError> {
                        let opens = change == gst::StateChange::NullToReady;
                        if opens && behaviour(MODEL.element) == Behaviour::HasNoDevice {
                            gst::element_error!(self.obj(), gst::ResourceError::NotFound, ["there is no device"]);
                            return Err(gst::StateChangeError);
                        }
                        self.parent_change_state(change)
                    }
                }

                impl BinImpl for StandIn {}
            }

            glib::wrapper! {
                pub struct StandIn(ObjectSubclass<imp::StandIn>) @extends gst::Bin, gst::Element, gst::Object;
            }

            pub(super) fn register() -> bool {
                gst::Element::register(None, MODEL.element, gst::Rank::NONE, StandIn::static_type()).is_ok()
            }
        }
    };
}

stand_in!(
    va,
    Model {
        element: "vah264enc",
        inside: X264,
        bitrate: ("bitrate", 1000),
        others: &["rate-control", "key-int-max", "b-frames", "ref-frames", "target-usage"],
        controls: false,
        action: None,
    }
);
stand_in!(
    nv,
    Model {
        element: "nvh264enc",
        inside: X264,
        bitrate: ("bitrate", 1000),
        others: &["rc-mode", "gop-size", "zerolatency"],
        controls: false,
        action: None,
    }
);
stand_in!(
    jetson,
    Model {
        element: "nvv4l2h264enc",
        inside: JETSON,
        bitrate: ("bitrate", 1),
        others: &["control-rate", "iframeinterval", "idrinterval", "profile", "insert-sps-pps", "maxperf-enable"],
        controls: false,
        action: Some("force-IDR"),
    }
);
stand_in!(
    converter,
    Model {
        element: "nvvidconv",
        inside: "videoconvertscale name=inner ! standinwrap",
        bitrate: ("", 1),
        others: &[],
        controls: false,
        action: None,
    }
);
stand_in!(
    mpp,
    Model {
        element: "mpph264enc",
        inside: X264,
        bitrate: ("bps", 1),
        others: &["rc-mode", "gop", "header-mode", "profile"],
        controls: false,
        action: None,
    }
);
stand_in!(
    mpp_vp8,
    Model {
        element: "mppvp8enc",
        inside: VP8,
        bitrate: ("bps", 1),
        others: &["rc-mode", "gop"],
        controls: false,
        action: None,
    }
);
stand_in!(
    v4l2,
    Model {
        element: "v4l2h264enc",
        inside: X264,
        bitrate: ("video_bitrate", 1),
        others: &[],
        controls: true,
        action: None,
    }
);
stand_in!(
    v4l2_vp8,
    Model {
        element: "v4l2vp8enc",
        inside: VP8,
        bitrate: ("video_bitrate", 1),
        others: &[],
        controls: true,
        action: None,
    }
);
stand_in!(
    qsv,
    Model {
        element: "qsvh264enc",
        inside: X264,
        bitrate: ("bitrate", 1000),
        others: &[
            "low-latency",
            "rate-control",
            "disable-hrd-conformance",
            "gop-size",
            "b-frames",
            "ref-frames",
            "target-usage"
        ],
        controls: false,
        action: None,
    }
);
stand_in!(
    vaapi,
    Model {
        element: "vaapih264enc",
        inside: X264,
        bitrate: ("bitrate", 1000),
        others: &["rate-control", "keyframe-period", "max-bframes", "quality-level"],
        controls: false,
        action: None,
    }
);
stand_in!(
    va_low_power,
    Model {
        element: "vah264lpenc",
        inside: X264,
        bitrate: ("bitrate", 1000),
        others: &["rate-control", "key-int-max", "b-frames", "ref-frames", "target-usage"],
        controls: false,
        action: None,
    }
);
stand_in!(
    va_vp9,
    Model {
        element: "vavp9enc",
        inside: VP9,
        bitrate: ("bitrate", 1000),
        others: &["rate-control", "key-int-max", "ref-frames", "target-usage"],
        controls: false,
        action: None,
    }
);
stand_in!(
    qsv_vp9,
    Model {
        element: "qsvvp9enc",
        inside: VP9,
        bitrate: ("bitrate", 1000),
        others: &["low-latency", "rate-control", "gop-size", "ref-frames", "target-usage"],
        controls: false,
        action: None,
    }
);
