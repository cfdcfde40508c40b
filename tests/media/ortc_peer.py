"""A whole aiortc peer of ORTC objects: it encodes, sends, receives and decodes by itself."""

from __future__ import annotations

import asyncio
import fractions
from typing import TYPE_CHECKING

import av
import numpy as np
from aiortc import (
    RTCCertificate,
    RTCDtlsFingerprint,
    RTCDtlsParameters,
    RTCDtlsTransport,
    RTCIceCandidate,
    RTCIceGatherer,
    RTCIceParameters,
    RTCIceTransport,
    RTCRtpCodecParameters,
    RTCRtpReceiver,
    RTCRtpSender,
    VideoStreamTrack,
)
from aiortc.mediastreams import MediaStreamTrack
from aiortc.rtcrtpparameters import (
    RTCRtcpFeedback,
    RTCRtcpParameters,
    RTCRtpDecodingParameters,
    RTCRtpHeaderExtensionParameters,
    RTCRtpReceiveParameters,
    RTCRtpRtxParameters,
    RTCRtpSendParameters,
)
from aiortc.rtcrtpreceiver import RemoteStreamTrack

from media.types import ExtensionIds, Fingerprint, TrackParameters
from tests.media.values import OPUS, VP8

if TYPE_CHECKING:
    from media.transport import Transport
    from media.types import Candidate, SlotParameters, Source

MID_URI = "urn:ietf:params:rtp-hdrext:sdes:mid"
ABS_SEND_TIME_URI = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
TONE = 440  # Hz
RATE = 48000  # samples per second


class ColourTrack(VideoStreamTrack):
    """A picture of one colour (Y, U, V)."""

    def __init__(self, colour: tuple[int, int, int]) -> None:
        super().__init__()
        self.colour = colour

    async def recv(self) -> av.VideoFrame:
        pts, time_base = await self.next_timestamp()
        frame = av.VideoFrame(320, 240, "yuv420p")
        for plane, value in zip(frame.planes, self.colour, strict=True):
            plane.update(bytes([value]) * plane.buffer_size)
        frame.pts, frame.time_base = pts, time_base
        return frame


class ToneTrack(MediaStreamTrack):
    """A tone that can be heard."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self.position = 0

    async def recv(self) -> av.AudioFrame:
        await asyncio.sleep(0.02)
        moments = (np.arange(960) + self.position) / RATE
        samples = (np.sin(2 * np.pi * TONE * moments) * 10000).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate, frame.pts = RATE, self.position
        frame.time_base = fractions.Fraction(1, RATE)
        self.position += 960
        return frame


def codecs(kind: str) -> list[RTCRtpCodecParameters]:
    if kind == "audio":
        return [RTCRtpCodecParameters("audio/opus", RATE, 2, OPUS.payload_type)]
    feedback = [RTCRtcpFeedback("nack"), RTCRtcpFeedback("nack", "pli")]
    apt = {"apt": VP8.payload_type}
    return [
        RTCRtpCodecParameters("video/VP8", 90000, None, VP8.payload_type, feedback),
        RTCRtpCodecParameters("video/rtx", 90000, None, VP8.rtx_payload_type, parameters=apt),
    ]


class OrtcPeer:
    """One ICE and DTLS transport with senders and receivers upon it."""

    def __init__(self) -> None:
        self.certificate = RTCCertificate.generateCertificate()
        self.gatherer = RTCIceGatherer(iceServers=[])
        self.ice = RTCIceTransport(self.gatherer)
        self.ice._connection.ice_controlling = True
        self.dtls = RTCDtlsTransport(self.ice, [self.certificate])
        self.dtls._set_role("client")
        self.senders: list[tuple[RTCRtpSender, str]] = []
        self.receivers: list[RTCRtpReceiver] = []

    @property
    def fingerprints(self) -> list[Fingerprint]:
        return [Fingerprint(f.algorithm, f.value) for f in self.certificate.getFingerprints()]

    def add_sender(self, source: Source, track: MediaStreamTrack) -> TrackParameters:
        """Prepare to send a track and return how it will be sent."""
        sender = RTCRtpSender(track, self.dtls)
        mid = str(len(self.senders))
        self.senders.append((sender, mid))
        video = source.kind == "video"
        return TrackParameters(
            kind=source.kind,
            mid=mid,
            codecs=(VP8,) if video else (OPUS,),
            ssrcs=(sender._ssrc,),
            rtx_ssrcs=(sender._rtx_ssrc,) if video else (),
            extensions=ExtensionIds(mid=1, abs_send_time=2),
            nack=video,
            pli=video,
            remb=video,
        )

    async def connect(self, transport: Transport, candidate: Candidate) -> None:
        """Go through ICE and DTLS as a browser does."""
        await self.gatherer.gather()
        await self.ice.addRemoteCandidate(
            RTCIceCandidate(
                component=1,
                foundation="1",
                ip=candidate.address,
                port=candidate.port,
                priority=2130706431,
                protocol="udp",
                type="host",
            )
        )
        await self.ice.addRemoteCandidate(None)
        ice, ours = transport.ice, transport.fingerprint
        await self.ice.start(RTCIceParameters(ice.ufrag, ice.pwd, iceLite=True))
        await self.dtls.start(RTCDtlsParameters([RTCDtlsFingerprint(ours.algorithm, ours.value)]))

    async def send(self) -> None:
        """Begin to send every track."""
        for sender, mid in self.senders:
            await sender.send(
                RTCRtpSendParameters(
                    codecs=codecs(sender.kind),
                    headerExtensions=[
                        RTCRtpHeaderExtensionParameters(1, MID_URI),
                        RTCRtpHeaderExtensionParameters(2, ABS_SEND_TIME_URI),
                    ],
                    muxId=mid,
                    rtcp=RTCRtcpParameters(cname="teacher", mux=True, ssrc=sender._ssrc),
                )
            )

    async def receive(self, slot: SlotParameters) -> RTCRtpReceiver:
        """Begin to receive a slot."""
        receiver = RTCRtpReceiver(slot.kind, self.dtls)
        receiver._track = RemoteStreamTrack(kind=slot.kind)
        receiver._set_rtcp_ssrc(1)
        self.receivers.append(receiver)
        rtx = None if slot.rtx_ssrc is None else RTCRtpRtxParameters(ssrc=slot.rtx_ssrc)
        encoding = RTCRtpDecodingParameters(
            ssrc=slot.ssrc, payloadType=slot.codecs[0].payload_type, rtx=rtx
        )
        await receiver.receive(
            RTCRtpReceiveParameters(codecs=codecs(slot.kind), muxId=slot.mid, encodings=[encoding])
        )
        return receiver

    async def close(self) -> None:
        for receiver in self.receivers:
            await receiver.stop()
        for sender, _ in self.senders:
            await sender.stop()
        pump = self.dtls._task
        await self.dtls.stop()
        if pump is not None:
            await asyncio.gather(pump, return_exceptions=True)
        await self.ice.stop()
