//! Which boxes there are (ISO/IEC 14496-12, table 1), and which sample entries.

/// A box's type: four letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FourCc(pub(super) [u8; 4]);

impl FourCc {
    // In the file.
    pub(super) const FTYP: Self = Self(*b"ftyp");
    pub(super) const MOOV: Self = Self(*b"moov");
    pub(super) const MOOF: Self = Self(*b"moof");
    pub(super) const MDAT: Self = Self(*b"mdat");
    pub(super) const FREE: Self = Self(*b"free");
    pub(super) const SKIP: Self = Self(*b"skip");
    pub(super) const SIDX: Self = Self(*b"sidx");
    pub(super) const STYP: Self = Self(*b"styp");
    pub(super) const MFRA: Self = Self(*b"mfra");
    pub(super) const TFRA: Self = Self(*b"tfra");
    pub(super) const MFRO: Self = Self(*b"mfro");
    pub(super) const EMSG: Self = Self(*b"emsg");
    pub(super) const PRFT: Self = Self(*b"prft");
    pub(super) const PDIN: Self = Self(*b"pdin");
    pub(super) const UUID: Self = Self(*b"uuid");
    pub(super) const WIDE: Self = Self(*b"wide");

    // In moov.
    pub(super) const MVHD: Self = Self(*b"mvhd");
    pub(super) const MVEX: Self = Self(*b"mvex");
    pub(super) const MEHD: Self = Self(*b"mehd");
    pub(super) const TREX: Self = Self(*b"trex");
    pub(super) const TRAK: Self = Self(*b"trak");
    pub(super) const UDTA: Self = Self(*b"udta");
    pub(super) const META: Self = Self(*b"meta");
    pub(super) const ILST: Self = Self(*b"ilst");
    pub(super) const TOO: Self = Self(*b"\xA9too");
    pub(super) const DATA: Self = Self(*b"data");

    // In trak.
    pub(super) const TKHD: Self = Self(*b"tkhd");
    pub(super) const EDTS: Self = Self(*b"edts");
    pub(super) const ELST: Self = Self(*b"elst");
    pub(super) const MDIA: Self = Self(*b"mdia");
    pub(super) const MDHD: Self = Self(*b"mdhd");
    pub(super) const HDLR: Self = Self(*b"hdlr");
    pub(super) const MINF: Self = Self(*b"minf");
    pub(super) const VMHD: Self = Self(*b"vmhd");
    pub(super) const SMHD: Self = Self(*b"smhd");
    pub(super) const DINF: Self = Self(*b"dinf");
    pub(super) const DREF: Self = Self(*b"dref");
    pub(super) const URL: Self = Self(*b"url ");
    pub(super) const STBL: Self = Self(*b"stbl");
    pub(super) const STSD: Self = Self(*b"stsd");
    pub(super) const STTS: Self = Self(*b"stts");
    pub(super) const STSC: Self = Self(*b"stsc");
    pub(super) const STSZ: Self = Self(*b"stsz");
    pub(super) const STCO: Self = Self(*b"stco");
    pub(super) const SGPD: Self = Self(*b"sgpd");
    pub(super) const SBGP: Self = Self(*b"sbgp");

    // In stsd: how a track is encoded, and what its decoder must know.
    pub(super) const AVC1: Self = Self(*b"avc1");
    pub(super) const AVC3: Self = Self(*b"avc3");
    pub(super) const AVCC: Self = Self(*b"avcC");
    pub(super) const VP08: Self = Self(*b"vp08");
    pub(super) const VP09: Self = Self(*b"vp09");
    pub(super) const VPCC: Self = Self(*b"vpcC");
    pub(super) const AV01: Self = Self(*b"av01");
    pub(super) const AV1C: Self = Self(*b"av1C");
    pub(super) const OPUS: Self = Self(*b"Opus");
    pub(super) const DOPS: Self = Self(*b"dOps");

    // In moof.
    pub(super) const MFHD: Self = Self(*b"mfhd");
    pub(super) const TRAF: Self = Self(*b"traf");
    pub(super) const TFHD: Self = Self(*b"tfhd");
    pub(super) const TFDT: Self = Self(*b"tfdt");
    pub(super) const TRUN: Self = Self(*b"trun");

    // What is no box: a kind of media (hdlr), and a kind of sample group.
    pub(super) const VIDE: Self = Self(*b"vide");
    pub(super) const SOUN: Self = Self(*b"soun");
    pub(super) const ROLL: Self = Self(*b"roll");
}
