//! The vendors' elements: what each takes, and what encodes in it. From their own sources: GStreamer's `va` (1.22 and
//! 1.28), `qsv` and `nvcodec` (1.22 and 1.28), `vaapi` (1.22), `svtav1` (1.24), JeffyCN's gstreamer-rockchip, JetPack 5.

use std::sync::Arc;

use gst::{glib, prelude::*, subclass::prelude::*};

use super::{
    Behaviour, behaviour,
    device::{Inside, Model, Shared, assemble, control, force_keyframe, properties, tell},
    property::{
        JetsonControlRate, JetsonPreset, JetsonProfile,
        Kind::{Bool, Int, Text, UInt, Word},
        MppHeaderMode, MppProfile, MppRcMode, NvRcMode, NvTune, Property, QsvAv1RateControl, QsvRateControl,
        VaRateControl, VaapiRateControl,
    },
    start, tune,
};

/// Registers an element; `false` where there is none of this name, or it can't be done.
pub(super) fn register(element: &str) -> bool {
    match element {
        "vah264enc" => va_h264::register(),
        "vah264lpenc" => va_h264_low_power::register(),
        "vavp8enc" => va_vp8::register(),
        "vavp8lpenc" => va_vp8_low_power::register(),
        "vavp9enc" => va_vp9::register(),
        "vavp9lpenc" => va_vp9_low_power::register(),
        "vaav1enc" => va_av1::register(),
        "vaav1lpenc" => va_av1_low_power::register(),
        "vaapih264enc" => vaapi::register(),
        "qsvh264enc" => qsv_h264::register(),
        "qsvvp9enc" => qsv_vp9::register(),
        "qsvav1enc" => qsv_av1::register(),
        "nvh264enc" => nv_h264::register(),
        "nvav1enc" => nv_av1::register(),
        "nvv4l2h264enc" => jetson::register() && converter::register(),
        "mpph264enc" => mpp_h264::register(),
        "mppvp8enc" => mpp_vp8::register(),
        "v4l2h264enc" => v4l2_h264::register(),
        "v4l2vp8enc" => v4l2_vp8::register(),
        "svtav1enc" => svt_av1::register(),
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
                        if opens {
                            start(MODEL.element);
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

const MOST: u32 = i32::MAX as u32;
/// `bitrate` of most, in kbit/s.
const KILOBITS: (&str, u32) = ("bitrate", 1000);

const VA_H264: &[Property] = &[
    Property("rate-control", Word(VaRateControl::spec)),
    Property("key-int-max", UInt(0, 1024)),
    Property("b-frames", UInt(0, 31)),
    Property("ref-frames", UInt(0, 16)),
    Property("target-usage", UInt(1, 7)),
];
const VA_VP8: &[Property] = &[
    Property("rate-control", Word(VaRateControl::spec)),
    Property("key-int-max", UInt(0, 1024)),
    Property("target-usage", UInt(1, 7)),
];
const VA_VP9: &[Property] = &[
    Property("rate-control", Word(VaRateControl::spec)),
    Property("key-int-max", UInt(0, 1024)),
    Property("ref-frames", UInt(0, 3)),
    Property("target-usage", UInt(1, 7)),
];
const VA_AV1: &[Property] = &[
    Property("rate-control", Word(VaRateControl::spec)),
    Property("key-int-max", UInt(0, 1024)),
    Property("ref-frames", UInt(0, 7)),
    Property("target-usage", UInt(1, 7)),
];
const NV: &[Property] = &[
    Property("rc-mode", Word(NvRcMode::spec)),
    Property("gop-size", Int(-1, i32::MAX)),
    Property("bframes", UInt(0, 4)),
    Property("zerolatency", Bool),
    Property("tune", Word(NvTune::spec)),
];

stand_in!(
    va_h264,
    Model { element: "vah264enc", bitrate: KILOBITS, others: VA_H264, begins_anew: true, ..Model::of(Inside::H264) }
);
stand_in!(
    va_h264_low_power,
    Model { element: "vah264lpenc", bitrate: KILOBITS, others: VA_H264, begins_anew: true, ..Model::of(Inside::H264) }
);
stand_in!(
    va_vp8,
    Model { element: "vavp8enc", bitrate: KILOBITS, others: VA_VP8, begins_anew: true, ..Model::of(Inside::Vp8) }
);
stand_in!(
    va_vp8_low_power,
    Model { element: "vavp8lpenc", bitrate: KILOBITS, others: VA_VP8, begins_anew: true, ..Model::of(Inside::Vp8) }
);
stand_in!(
    va_vp9,
    Model { element: "vavp9enc", bitrate: KILOBITS, others: VA_VP9, begins_anew: true, ..Model::of(Inside::Vp9) }
);
stand_in!(
    va_vp9_low_power,
    Model { element: "vavp9lpenc", bitrate: KILOBITS, others: VA_VP9, begins_anew: true, ..Model::of(Inside::Vp9) }
);
stand_in!(
    va_av1,
    Model { element: "vaav1enc", bitrate: KILOBITS, others: VA_AV1, begins_anew: true, ..Model::of(Inside::Av1) }
);
stand_in!(
    va_av1_low_power,
    Model { element: "vaav1lpenc", bitrate: KILOBITS, others: VA_AV1, begins_anew: true, ..Model::of(Inside::Av1) }
);
stand_in!(
    vaapi,
    Model {
        element: "vaapih264enc",
        bitrate: KILOBITS,
        others: &[
            Property("rate-control", Word(VaapiRateControl::spec)),
            Property("keyframe-period", UInt(0, u32::MAX)),
            Property("max-bframes", UInt(0, 10)),
            Property("quality-level", UInt(1, 7)),
        ],
        ..Model::of(Inside::H264)
    }
);
stand_in!(
    qsv_h264,
    Model {
        element: "qsvh264enc",
        bitrate: KILOBITS,
        others: &[
            Property("low-latency", Bool),
            Property("rate-control", Word(QsvRateControl::spec)),
            Property("disable-hrd-conformance", Bool),
            Property("gop-size", UInt(0, 65_535)),
            Property("b-frames", UInt(0, 65_535)),
            Property("ref-frames", UInt(0, 16)),
            Property("target-usage", UInt(1, 7)),
        ],
        ..Model::of(Inside::H264)
    }
);
stand_in!(
    qsv_vp9,
    Model {
        element: "qsvvp9enc",
        bitrate: KILOBITS,
        others: &[
            Property("low-latency", Bool),
            Property("rate-control", Word(QsvRateControl::spec)),
            Property("gop-size", UInt(0, MOST)),
            Property("ref-frames", UInt(0, 3)),
            Property("target-usage", UInt(1, 7)),
        ],
        ..Model::of(Inside::Vp9)
    }
);
stand_in!(
    qsv_av1,
    Model {
        element: "qsvav1enc",
        bitrate: KILOBITS,
        others: &[
            Property("low-latency", Bool),
            Property("rate-control", Word(QsvAv1RateControl::spec)),
            Property("gop-size", UInt(0, MOST)),
            Property("ref-frames", UInt(0, 3)),
            Property("target-usage", UInt(1, 7)),
        ],
        ..Model::of(Inside::Av1)
    }
);
// As GStreamer 1.22 has it: `tune` came later.
stand_in!(
    nv_h264,
    Model {
        element: "nvh264enc",
        bitrate: KILOBITS,
        others: &[
            Property("rc-mode", Word(NvRcMode::spec)),
            Property("gop-size", Int(-1, i32::MAX)),
            Property("bframes", UInt(0, 4)),
            Property("zerolatency", Bool),
        ],
        begins_anew: true,
        ..Model::of(Inside::H264)
    }
);
stand_in!(nv_av1, Model { element: "nvav1enc", bitrate: KILOBITS, others: NV, ..Model::of(Inside::Av1) });
stand_in!(
    jetson,
    Model {
        element: "nvv4l2h264enc",
        bitrate: ("bitrate", 1),
        others: &[
            Property("control-rate", Word(JetsonControlRate::spec)),
            Property("iframeinterval", UInt(0, u32::MAX)),
            Property("idrinterval", UInt(0, u32::MAX)),
            Property("profile", Word(JetsonProfile::spec)),
            Property("insert-sps-pps", Bool),
            Property("insert-vui", Bool),
            Property("maxperf-enable", Bool),
            Property("poc-type", UInt(0, 2)),
            Property("preset-level", Word(JetsonPreset::spec)),
        ],
        action: Some("force-IDR"),
        ..Model::of(Inside::H264InNvmm)
    }
);
stand_in!(converter, Model { element: "nvvidconv", ..Model::of(Inside::Converter) });
stand_in!(
    mpp_h264,
    Model {
        element: "mpph264enc",
        bitrate: ("bps", 1),
        others: &[
            Property("rc-mode", Word(MppRcMode::spec)),
            Property("gop", Int(-1, i32::MAX)),
            Property("header-mode", Word(MppHeaderMode::spec)),
            Property("profile", Word(MppProfile::spec)),
        ],
        ..Model::of(Inside::H264)
    }
);
stand_in!(
    mpp_vp8,
    Model {
        element: "mppvp8enc",
        bitrate: ("bps", 1),
        others: &[Property("rc-mode", Word(MppRcMode::spec)), Property("gop", Int(-1, i32::MAX))],
        ..Model::of(Inside::Vp8)
    }
);
stand_in!(
    v4l2_h264,
    Model { element: "v4l2h264enc", bitrate: ("video_bitrate", 1), controls: true, ..Model::of(Inside::H264) }
);
stand_in!(
    v4l2_vp8,
    Model { element: "v4l2vp8enc", bitrate: ("video_bitrate", 1), controls: true, ..Model::of(Inside::Vp8) }
);
stand_in!(
    svt_av1,
    Model {
        element: "svtav1enc",
        bitrate: ("target-bitrate", 1000),
        others: &[
            Property("preset", UInt(0, 13)),
            Property("intra-period-length", Int(-2, i32::MAX)),
            Property("parameters-string", Text),
        ],
        keeps_bitrate: true,
        ..Model::of(Inside::Av1)
    }
);
