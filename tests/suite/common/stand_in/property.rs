//! Properties of the vendors' elements, each of its own type: a template that gives one a word or a number that the real
//! one does not take is refused here, too.

use gst::glib;

/// A property that is only taken.
pub(super) struct Property(pub(super) &'static str, pub(super) Kind);

pub(super) enum Kind {
    Bool,
    UInt(u32, u32),
    Int(i32, i32),
    Text,
    /// One of the words of an enumeration.
    Word(fn(&str) -> glib::ParamSpec),
}

impl Property {
    pub(super) fn spec(&self) -> glib::ParamSpec {
        let Self(name, kind) = self;
        match kind {
            Kind::Bool => glib::ParamSpecBoolean::builder(name).build(),
            Kind::UInt(least, most) => {
                glib::ParamSpecUInt::builder(name).minimum(*least).maximum(*most).default_value(*least).build()
            }
            Kind::Int(least, most) => {
                glib::ParamSpecInt::builder(name).minimum(*least).maximum(*most).default_value(*least).build()
            }
            Kind::Text => glib::ParamSpecString::builder(name).build(),
            Kind::Word(of) => of(name),
        }
    }
}

/// Enumerations, with the nicks of the real ones in their order; the first is the default.
macro_rules! words {
    ($($enumeration:ident = $name:literal: $first:ident $first_nick:literal, $($value:ident $nick:literal),+;)*) => {
        $(
            #[derive(Debug, Clone, Copy, PartialEq, Eq, glib::Enum)]
            #[enum_type(name = $name)]
            pub(super) enum $enumeration {
                #[enum_value(nick = $first_nick)]
                $first,
                $(#[enum_value(nick = $nick)] $value),+
            }

            impl $enumeration {
                pub(super) fn spec(name: &str) -> glib::ParamSpec {
                    glib::ParamSpecEnum::builder_with_default(name, Self::$first).build()
                }
            }
        )*
    };
}

words! {
    VaRateControl = "StandInVaRateControl": Cbr "cbr", Vbr "vbr", Vcm "vcm", Cqp "cqp", Icq "icq", Qvbr "qvbr";
    VaapiRateControl = "StandInVaapiRateControl": Cqp "cqp", Cbr "cbr", Vbr "vbr";
    QsvRateControl = "StandInQsvRateControl": Vbr "vbr", Cbr "cbr", Cqp "cqp", Avbr "avbr", Icq "icq", Qvbr "qvbr";
    QsvAv1RateControl = "StandInQsvAv1RateControl": Vbr "vbr", Cbr "cbr", Cqp "cqp";
    NvRcMode = "StandInNvRcMode": Default "default", Constqp "constqp", Cbr "cbr", Vbr "vbr", VbrMinqp "vbr-minqp",
        CbrLdHq "cbr-ld-hq", CbrHq "cbr-hq", VbrHq "vbr-hq";
    NvTune = "StandInNvTune": Default "default", HighQuality "high-quality", LowLatency "low-latency",
        UltraLowLatency "ultra-low-latency", Lossless "lossless";
    JetsonControlRate = "StandInJetsonControlRate": Variable "variable_bitrate", Constant "constant_bitrate";
    JetsonPreset = "StandInJetsonPreset": Disable "DisablePreset", UltraFast "UltraFastPreset", Fast "FastPreset",
        Medium "MediumPreset", Slow "SlowPreset";
    JetsonProfile = "StandInJetsonProfile": Baseline "Baseline", ConstrainedBaseline "Constrained-Baseline",
        Main "Main", High "High";
    MppRcMode = "StandInMppRcMode": Vbr "vbr", Cbr "cbr", Fixqp "fixqp";
    MppHeaderMode = "StandInMppHeaderMode": FirstFrame "first-frame", EachIdr "each-idr";
    MppProfile = "StandInMppProfile": High "high", Main "main", Baseline "baseline";
}
