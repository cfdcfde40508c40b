//! The joint: `media._engine`, documented in `media/_engine.pyi`.
//!
//! Nothing here decides anything. Arguments are checked for their shape, commands queued, events
//! turned into tuples. Engine threads never touch Python.

use std::net::IpAddr;
use std::time::Instant;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyTuple};

use crate::command::{
    Command, ConsumerId, Event, Layer, MasterKey, ProducerId, RouterId, Size, TransportId,
    TransportStats,
};
use crate::error::Error;
use crate::rtp::Packet;
use crate::srtp::{Profile, Receiver, Sender};
use crate::{ice, io};

mod parameters;

use parameters::{consumer_parameters, producer_parameters};

#[pymodule(name = "_engine")]
mod engine_module {
    #[pymodule_export]
    use super::{Engine, srtp_protect, srtp_unprotect};
}

impl From<Error> for PyErr {
    fn from(error: Error) -> Self {
        PyValueError::new_err(error.to_string())
    }
}

/// The engine: one UDP port, its threads, and everything that goes through them.
#[pyclass(frozen, module = "media._engine")]
struct Engine(io::Engine);

#[pymethods]
impl Engine {
    #[new]
    #[pyo3(signature = (*, address = "0.0.0.0", port = 0, threads = 1, tcp_ports = Vec::new(), marks = true))]
    fn new(
        address: &str,
        port: u16,
        threads: usize,
        tcp_ports: Vec<u16>,
        marks: bool,
    ) -> PyResult<Self> {
        let address: IpAddr = address
            .parse()
            .map_err(|_| PyValueError::new_err(format!("'{address}' is not an IP address.")))?;
        if !(1..=io::MAX_THREADS).contains(&threads) {
            let text = format!(
                "threads is {threads}, but must be 1 to {}.",
                io::MAX_THREADS
            );
            return Err(PyValueError::new_err(text));
        }
        Ok(Self(io::Engine::open(
            address, port, threads, &tcp_ports, marks,
        )?))
    }

    #[getter]
    fn port(&self) -> u16 {
        self.0.port()
    }

    #[getter]
    fn tcp_ports(&self) -> Vec<u16> {
        self.0.tcp_ports().to_vec()
    }

    #[getter]
    fn event_fd(&self) -> i32 {
        self.0.event_fd()
    }

    fn poll_events<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let events = self.0.take_events().into_iter();
        let tuples: PyResult<Vec<_>> = events.map(|event| tuple(py, event)).collect();
        PyList::new(py, tuples?)
    }

    fn close(&self, py: Python<'_>) {
        py.detach(|| self.0.close());
    }

    fn router_create(&self, router: u64) {
        self.0.command(Command::RouterCreate(RouterId(router)));
    }

    fn router_close(&self, router: u64) {
        self.0.command(Command::RouterClose(RouterId(router)));
    }

    fn transport_create(
        &self,
        transport: u64,
        router: u64,
        ice_ufrag: String,
        ice_pwd: String,
    ) -> PyResult<()> {
        ice::Agent::new(&ice_ufrag, &ice_pwd, Instant::now())?;
        self.0.command(Command::TransportCreate {
            transport: TransportId(transport),
            router: RouterId(router),
            ice_ufrag,
            ice_pwd,
        });
        Ok(())
    }

    fn direct_transport_create(&self, transport: u64, router: u64) {
        self.0.command(Command::DirectTransportCreate {
            transport: TransportId(transport),
            router: RouterId(router),
        });
    }

    fn transport_restart_ice(
        &self,
        transport: u64,
        ice_ufrag: String,
        ice_pwd: String,
    ) -> PyResult<()> {
        ice::Agent::new(&ice_ufrag, &ice_pwd, Instant::now())?;
        self.0.command(Command::TransportRestartIce {
            transport: TransportId(transport),
            ice_ufrag,
            ice_pwd,
        });
        Ok(())
    }

    fn transport_set_keys(
        &self,
        transport: u64,
        profile: &str,
        send_key: Vec<u8>,
        send_salt: Vec<u8>,
        receive_key: Vec<u8>,
        receive_salt: Vec<u8>,
    ) -> PyResult<()> {
        let profile = profile_named(profile)?;
        Sender::new(profile, &send_key, &send_salt)?;
        Receiver::new(profile, &receive_key, &receive_salt)?;
        self.0.command(Command::TransportSetKeys {
            transport: TransportId(transport),
            profile,
            send: MasterKey {
                key: send_key,
                salt: send_salt,
            },
            receive: MasterKey {
                key: receive_key,
                salt: receive_salt,
            },
        });
        Ok(())
    }

    #[pyo3(signature = (transport, bits))]
    fn transport_probe(&self, transport: u64, bits: Option<u64>) {
        let transport = TransportId(transport);
        self.0.command(Command::TransportProbe { transport, bits });
    }

    fn transport_close(&self, transport: u64) {
        self.0
            .command(Command::TransportClose(TransportId(transport)));
    }

    fn dtls_send(&self, transport: u64, datagram: Vec<u8>) {
        let transport = TransportId(transport);
        self.0.command(Command::DtlsSend {
            transport,
            datagram,
        });
    }

    fn producer_create(
        &self,
        producer: u64,
        transport: u64,
        parameters: &Bound<'_, PyDict>,
    ) -> PyResult<()> {
        self.0.command(Command::ProducerCreate {
            producer: ProducerId(producer),
            transport: TransportId(transport),
            parameters: Box::new(producer_parameters(parameters)?),
        });
        Ok(())
    }

    fn producer_close(&self, producer: u64) {
        self.0.command(Command::ProducerClose(ProducerId(producer)));
    }

    fn keyframe_request(&self, producer: u64) {
        self.0
            .command(Command::KeyframeRequest(ProducerId(producer)));
    }

    fn consumer_create(
        &self,
        consumer: u64,
        transport: u64,
        parameters: &Bound<'_, PyDict>,
    ) -> PyResult<()> {
        self.0.command(Command::ConsumerCreate {
            consumer: ConsumerId(consumer),
            transport: TransportId(transport),
            parameters: Box::new(consumer_parameters(parameters)?),
        });
        Ok(())
    }

    #[pyo3(signature = (consumer, producer))]
    fn consumer_set_producer(&self, consumer: u64, producer: Option<u64>) {
        self.0.command(Command::ConsumerSetProducer {
            consumer: ConsumerId(consumer),
            producer: producer.map(ProducerId),
        });
    }

    #[pyo3(signature = (consumer, limit))]
    fn consumer_set_limit(&self, consumer: u64, limit: Option<u32>) {
        let consumer = ConsumerId(consumer);
        self.0
            .command(Command::ConsumerSetLimit { consumer, limit });
    }

    fn consumer_close(&self, consumer: u64) {
        self.0.command(Command::ConsumerClose(ConsumerId(consumer)));
    }

    fn packets_send(&self, producer: u64, packets: Vec<Vec<u8>>) {
        let producer = ProducerId(producer);
        self.0.command(Command::PacketsSend { producer, packets });
    }

    fn counters<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let totals = PyDict::new(py);
        for (name, total) in self.0.counters() {
            totals.set_item(name, total)?;
        }
        Ok(totals)
    }

    fn transport_stats<'py>(
        &self,
        py: Python<'py>,
        transport: u64,
    ) -> PyResult<Option<Bound<'py, PyDict>>> {
        let stats = py.detach(|| self.0.transport_stats(TransportId(transport)));
        stats.map(|stats| stats_dict(py, &stats)).transpose()
    }
}

/// Return one RTP packet as SRTP.
#[pyfunction]
#[pyo3(signature = (profile, key, salt, packet, rollover = 0))]
fn srtp_protect<'py>(
    py: Python<'py>,
    profile: &str,
    key: &[u8],
    salt: &[u8],
    packet: &[u8],
    rollover: u32,
) -> PyResult<Bound<'py, PyBytes>> {
    let profile = profile_named(profile)?;
    let mut sender = Sender::new(profile, key, salt)?;
    let header_len = Packet::parse(packet)?.header_len();
    let mut buffer = packet.to_vec();
    buffer.resize(packet.len() + profile.tag_len(), 0);
    let len = sender.protect(&mut buffer, packet.len(), header_len, rollover)?;
    Ok(PyBytes::new(py, &buffer[..len]))
}

/// Return each SRTP packet of one session opened, or None where it was refused.
#[pyfunction]
fn srtp_unprotect<'py>(
    py: Python<'py>,
    profile: &str,
    key: &[u8],
    salt: &[u8],
    packets: Vec<Vec<u8>>,
) -> PyResult<Vec<Option<Bound<'py, PyBytes>>>> {
    let mut receiver = Receiver::new(profile_named(profile)?, key, salt)?;
    let open = |mut packet: Vec<u8>| {
        let len = receiver.unprotect(&mut packet).ok()?;
        Some(PyBytes::new(py, &packet[..len]))
    };
    Ok(packets.into_iter().map(open).collect())
}

fn profile_named(name: &str) -> PyResult<Profile> {
    let unknown = || PyValueError::new_err(format!("'{name}' is not an SRTP profile."));
    Profile::from_name(name).ok_or_else(unknown)
}

/// Turn an event into the tuple of the same name.
fn tuple(py: Python<'_>, event: Event) -> PyResult<Bound<'_, PyTuple>> {
    match event {
        Event::TransportConnected(transport, at) => {
            ("transport_connected", transport.0, at.to_string()).into_pyobject(py)
        }
        Event::TransportMigrated(transport, to) => {
            ("transport_migrated", transport.0, to.to_string()).into_pyobject(py)
        }
        Event::TransportDisconnected(transport) => {
            ("transport_disconnected", transport.0).into_pyobject(py)
        }
        Event::TransportExpired(transport) => ("transport_expired", transport.0).into_pyobject(py),
        Event::DtlsReceived(transport, datagram) => {
            ("dtls_received", transport.0, PyBytes::new(py, &datagram)).into_pyobject(py)
        }
        Event::ProducerStarted(producer, ssrc) => {
            ("producer_started", producer.0, ssrc).into_pyobject(py)
        }
        Event::ProducerStalled(producer) => ("producer_stalled", producer.0).into_pyobject(py),
        Event::ProducerResumed(producer) => ("producer_resumed", producer.0).into_pyobject(py),
        Event::KeyframeRequested(producer) => ("keyframe_requested", producer.0).into_pyobject(py),
        Event::AudioLevels(levels) => {
            let levels: Vec<_> = levels
                .iter()
                .map(|(producer, level)| (producer.0, *level))
                .collect();
            ("audio_levels", levels).into_pyobject(py)
        }
        Event::Estimates(estimates) => {
            let estimates: Vec<_> = estimates
                .iter()
                .map(|(transport, bits)| (transport.0, *bits))
                .collect();
            ("estimates", estimates).into_pyobject(py)
        }
        Event::Layers(layers) => {
            let layers: Vec<_> = layers
                .iter()
                .map(|(producer, layers)| (producer.0, numbers(layers)))
                .collect();
            ("layers", layers).into_pyobject(py)
        }
        Event::PacketsReceived(transport, consumer, packets) => {
            let packets: Vec<_> = packets
                .iter()
                .map(|packet| PyBytes::new(py, packet))
                .collect();
            ("packets_received", transport.0, consumer.0, packets).into_pyobject(py)
        }
        Event::RoomFailed(router, message) => ("room_failed", router.0, message).into_pyobject(py),
    }
}

/// Return each layer's width, height, bits a second and place among the rids.
fn numbers(layers: &[Layer]) -> Vec<(u16, u16, u64, usize)> {
    let numbers = |layer: &Layer| {
        let Size { width, height } = layer.size;
        (width, height, layer.bits, layer.number)
    };
    layers.iter().map(numbers).collect()
}

fn stats_dict<'py>(py: Python<'py>, stats: &TransportStats) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item("address", stats.remote.map(|remote| remote.to_string()))?;
    let totals = [
        ("packets_received", stats.packets_received),
        ("bytes_received", stats.bytes_received),
        ("packets_sent", stats.packets_sent),
        ("bytes_sent", stats.bytes_sent),
        ("packets_rejected", stats.packets_rejected),
        ("packets_dropped", stats.packets_dropped),
        ("nacks_received", stats.nacks_received),
        ("nacks_sent", stats.nacks_sent),
        ("retransmitted", stats.retransmitted),
        ("keyframes_requested", stats.keyframes_requested),
    ];
    for (name, total) in totals {
        dict.set_item(name, total)?;
    }
    dict.set_item("round_trip_ms", stats.round_trip_ms)?;
    dict.set_item("fraction_lost", stats.fraction_lost)?;
    dict.set_item("estimate", stats.estimate)?;
    Ok(dict)
}
