//! The dictionaries of `media/_engine.pyi`, checked for their shape.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::command::{
    Codec, CodecParameters, ConsumerParameters, ExtensionIds, Kind, ProducerParameters,
};

/// Longest MID that a one-byte header extension carries (RFC 8285 §4.2).
const MAX_MID_LEN: usize = 16;

/// Longest RID that a one-byte header extension carries.
const MAX_RID_LEN: usize = 16;

/// Layers of one picture; browsers send three.
const MAX_LAYERS: usize = 4;

/// Longest canonical name (RFC 3550 §6.5).
const MAX_CNAME_LEN: usize = 255;

/// Header extension ids that may be negotiated; 15 is reserved (RFC 8285 §4.2).
const EXTENSION_IDS: std::ops::RangeInclusive<u8> = 1..=255;

/// Read one entry of a TypedDict; any other shape is a ValueError that names the entry.
fn entry<'py, T>(dict: &Bound<'py, PyDict>, name: &str) -> PyResult<T>
where
    T: FromPyObjectOwned<'py>,
{
    let missing = || PyValueError::new_err(format!("{name} is missing."));
    let value = dict.get_item(name)?.ok_or_else(missing)?;
    let wrong = || PyValueError::new_err(format!("{name} has the wrong type."));
    value.extract().map_err(|_| wrong())
}

fn kind(dict: &Bound<'_, PyDict>) -> PyResult<Kind> {
    match entry::<String>(dict, "kind")?.as_str() {
        "audio" => Ok(Kind::Audio),
        "video" => Ok(Kind::Video),
        other => Err(PyValueError::new_err(format!(
            "'{other}' is neither audio nor video."
        ))),
    }
}

fn mid(dict: &Bound<'_, PyDict>) -> PyResult<String> {
    let mid: String = entry(dict, "mid")?;
    if mid.is_empty() || mid.len() > MAX_MID_LEN {
        let text = format!("mid must have 1 to {MAX_MID_LEN} bytes.");
        return Err(PyValueError::new_err(text));
    }
    Ok(mid)
}

fn payload_type(value: u8) -> PyResult<u8> {
    if value > 127 {
        return Err(PyValueError::new_err(format!(
            "{value} is not a payload type."
        )));
    }
    Ok(value)
}

fn codecs(dict: &Bound<'_, PyDict>) -> PyResult<Vec<CodecParameters>> {
    let list: Vec<Bound<'_, PyDict>> = entry(dict, "codecs")?;
    if list.is_empty() {
        return Err(PyValueError::new_err("codecs is empty."));
    }
    list.iter().map(codec).collect()
}

fn codec(dict: &Bound<'_, PyDict>) -> PyResult<CodecParameters> {
    let codec = match entry::<String>(dict, "name")?.as_str() {
        "opus" => Codec::Opus,
        "VP8" => Codec::Vp8,
        "H264" => Codec::H264,
        "red" => Codec::Red,
        other => {
            return Err(PyValueError::new_err(format!(
                "'{other}' is not a codec we know."
            )));
        }
    };
    let clock_rate = entry(dict, "clock_rate")?;
    if clock_rate == 0 {
        return Err(PyValueError::new_err("clock_rate is 0."));
    }
    let rtx: Option<u8> = entry(dict, "rtx_payload_type")?;
    Ok(CodecParameters {
        codec,
        payload_type: payload_type(entry(dict, "payload_type")?)?,
        clock_rate,
        rtx_payload_type: rtx.map(payload_type).transpose()?,
    })
}

fn extensions(dict: &Bound<'_, PyDict>) -> PyResult<ExtensionIds> {
    let ids: Bound<'_, PyDict> = entry(dict, "extensions")?;
    let id = |name: &str| -> PyResult<Option<u8>> {
        if ids.get_item(name)?.is_none() {
            return Ok(None);
        }
        let id: u8 = entry(&ids, name)?;
        if !EXTENSION_IDS.contains(&id) || id == 15 {
            return Err(PyValueError::new_err(format!("{id} is no id for {name}.")));
        }
        Ok(Some(id))
    };
    Ok(ExtensionIds {
        mid: id("mid")?,
        audio_level: id("audio_level")?,
        abs_send_time: id("abs_send_time")?,
        video_orientation: id("video_orientation")?,
        playout_delay: id("playout_delay")?,
        content_type: id("content_type")?,
        color_space: id("color_space")?,
        transport_cc: id("transport_cc")?,
        rid: id("rid")?,
        repaired_rid: id("repaired_rid")?,
    })
}

fn rids(dict: &Bound<'_, PyDict>) -> PyResult<Vec<String>> {
    let rids: Vec<String> = entry(dict, "rids")?;
    let is_rid = |rid: &String| (1..=MAX_RID_LEN).contains(&rid.len());
    if rids.len() > MAX_LAYERS || !rids.iter().all(is_rid) {
        let text = format!("rids are at most {MAX_LAYERS}, of 1 to {MAX_RID_LEN} bytes each.");
        return Err(PyValueError::new_err(text));
    }
    Ok(rids)
}

/// Read what a publisher's track looks like.
pub(super) fn producer_parameters(dict: &Bound<'_, PyDict>) -> PyResult<ProducerParameters> {
    Ok(ProducerParameters {
        kind: kind(dict)?,
        mid: mid(dict)?,
        ssrcs: entry(dict, "ssrcs")?,
        rtx_ssrcs: entry(dict, "rtx_ssrcs")?,
        rids: rids(dict)?,
        codecs: codecs(dict)?,
        extensions: extensions(dict)?,
        nack: entry(dict, "nack")?,
        pli: entry(dict, "pli")?,
        remb: entry(dict, "remb")?,
    })
}

/// Read what a subscriber's slot looks like.
pub(super) fn consumer_parameters(dict: &Bound<'_, PyDict>) -> PyResult<ConsumerParameters> {
    let cname: String = entry(dict, "cname")?;
    if cname.is_empty() || cname.len() > MAX_CNAME_LEN {
        let text = format!("cname must have 1 to {MAX_CNAME_LEN} bytes.");
        return Err(PyValueError::new_err(text));
    }
    Ok(ConsumerParameters {
        kind: kind(dict)?,
        mid: mid(dict)?,
        ssrc: entry(dict, "ssrc")?,
        rtx_ssrc: entry(dict, "rtx_ssrc")?,
        cname,
        codecs: codecs(dict)?,
        extensions: extensions(dict)?,
        nack: entry(dict, "nack")?,
        remb: entry(dict, "remb")?,
    })
}
