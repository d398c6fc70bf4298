//! Which elements there are (RFC 8794, section 11; RFC 9559, section 27.1).

/// An element's id, with the marker bit that tells its length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Id(pub(super) u32);

impl Id {
    // Anywhere.
    pub(super) const VOID: Self = Self(0xEC);
    pub(super) const CRC_32: Self = Self(0xBF);

    // What the file is.
    pub(super) const EBML: Self = Self(0x1A45_DFA3);
    pub(super) const EBML_VERSION: Self = Self(0x4286);
    pub(super) const EBML_READ_VERSION: Self = Self(0x42F7);
    pub(super) const EBML_MAX_ID_LENGTH: Self = Self(0x42F2);
    pub(super) const EBML_MAX_SIZE_LENGTH: Self = Self(0x42F3);
    pub(super) const DOC_TYPE: Self = Self(0x4282);
    pub(super) const DOC_TYPE_VERSION: Self = Self(0x4287);
    pub(super) const DOC_TYPE_READ_VERSION: Self = Self(0x4285);
    pub(super) const SEGMENT: Self = Self(0x1853_8067);

    // In the segment.
    pub(super) const SEEK_HEAD: Self = Self(0x114D_9B74);
    pub(super) const INFO: Self = Self(0x1549_A966);
    pub(super) const TRACKS: Self = Self(0x1654_AE6B);
    pub(super) const CLUSTER: Self = Self(0x1F43_B675);
    pub(super) const CUES: Self = Self(0x1C53_BB6B);
    pub(super) const CHAPTERS: Self = Self(0x1043_A770);
    pub(super) const TAGS: Self = Self(0x1254_C367);
    pub(super) const ATTACHMENTS: Self = Self(0x1941_A469);

    // In SeekHead.
    pub(super) const SEEK: Self = Self(0x4DBB);
    pub(super) const SEEK_ID: Self = Self(0x53AB);
    pub(super) const SEEK_POSITION: Self = Self(0x53AC);

    // In Info.
    pub(super) const TIMESTAMP_SCALE: Self = Self(0x2AD7B1);
    pub(super) const DURATION: Self = Self(0x4489);
    pub(super) const DATE_UTC: Self = Self(0x4461);
    pub(super) const MUXING_APP: Self = Self(0x4D80);
    pub(super) const WRITING_APP: Self = Self(0x5741);

    // In Tracks.
    pub(super) const TRACK_ENTRY: Self = Self(0xAE);
    pub(super) const TRACK_NUMBER: Self = Self(0xD7);
    pub(super) const TRACK_UID: Self = Self(0x73C5);
    pub(super) const TRACK_TYPE: Self = Self(0x83);
    pub(super) const FLAG_LACING: Self = Self(0x9C);
    pub(super) const NAME: Self = Self(0x536E);
    pub(super) const LANGUAGE: Self = Self(0x22_B59C);
    pub(super) const CODEC_ID: Self = Self(0x86);
    pub(super) const CODEC_PRIVATE: Self = Self(0x63A2);
    pub(super) const CODEC_DELAY: Self = Self(0x56AA);
    pub(super) const SEEK_PRE_ROLL: Self = Self(0x56BB);
    pub(super) const VIDEO: Self = Self(0xE0);
    pub(super) const PIXEL_WIDTH: Self = Self(0xB0);
    pub(super) const PIXEL_HEIGHT: Self = Self(0xBA);
    pub(super) const AUDIO: Self = Self(0xE1);
    pub(super) const SAMPLING_FREQUENCY: Self = Self(0xB5);
    pub(super) const CHANNELS: Self = Self(0x9F);

    // In a cluster.
    pub(super) const TIMESTAMP: Self = Self(0xE7);
    pub(super) const SIMPLE_BLOCK: Self = Self(0xA3);
    pub(super) const POSITION: Self = Self(0xA7);
    pub(super) const PREV_SIZE: Self = Self(0xAB);
    pub(super) const SILENT_TRACKS: Self = Self(0x5854);
    pub(super) const BLOCK_GROUP: Self = Self(0xA0);
    pub(super) const BLOCK: Self = Self(0xA1);
    pub(super) const REFERENCE_BLOCK: Self = Self(0xFB);

    // In Cues.
    pub(super) const CUE_POINT: Self = Self(0xBB);
    pub(super) const CUE_TIME: Self = Self(0xB3);
    pub(super) const CUE_TRACK_POSITIONS: Self = Self(0xB7);
    pub(super) const CUE_TRACK: Self = Self(0xF7);
    pub(super) const CUE_CLUSTER_POSITION: Self = Self(0xF1);

    /// As it is written: one to four bytes.
    pub(super) fn bytes(self) -> impl Iterator<Item = u8> {
        self.0.to_be_bytes().into_iter().skip_while(|byte| *byte == 0)
    }
}
