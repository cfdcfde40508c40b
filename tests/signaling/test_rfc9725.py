"""WHIP, rule by rule (RFC 9725); the number in each docstring is its section."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from media.room import RoomLimits
from media.types import Turns
from signaling.app import SignalingSettings
from signaling.grants import Right
from signaling.ice_servers import IceServers
from tests.signaling.conftest import FRAGMENT, LESSON, SDP, Door, fragment, problem
from tests.signaling.offers import only, recorded, sections, values, with_lines

if TYPE_CHECKING:
    from collections.abc import Callable

    from media.rooms import Rooms

CHROME = recorded("chrome_publish")
PREFLIGHT = {
    "Origin": "https://studio.example",
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization,content-type",
}


class TestPost:
    async def test_201_with_an_sdp_answer(self, door: Door) -> None:
        """4.2: 201 Created, application/sdp."""
        response = await door.publish()
        assert response.status == 201
        assert response.headers["Content-Type"] == "application/sdp"
        answer = await response.text()
        assert answer.startswith("v=0\r\n")
        assert all("a=recvonly" in lines for lines in sections(answer)[1:])

    async def test_location_names_a_session_that_cannot_be_guessed(self, door: Door) -> None:
        """4.2: Location; 5: the URL is not to be guessed (128 bits or more)."""
        urls = {(await door.publish()).headers["Location"] for _ in range(3)}
        assert len(urls) == 3
        assert all(url.startswith("/whip/session/") and len(url) >= 14 + 24 for url in urls)

    async def test_a_strong_etag_identifies_the_ice_session(self, door: Door) -> None:
        """4.3.1: a unique strong entity-tag in the 201."""
        tags = [(await door.publish()).headers["ETag"] for _ in range(2)]
        assert tags[0] != tags[1]
        assert all(tag.startswith('"') and tag.endswith('"') for tag in tags)

    @pytest.mark.parametrize("content_type", ["text/plain", "application/json", ""])
    async def test_another_content_type_is_refused(self, door: Door, content_type: str) -> None:
        """4.2: 415, naming what we take."""
        response = await door.publish(headers={"Content-Type": content_type})
        assert response.status == 415
        assert response.headers["Accept-Post"] == "application/sdp"
        assert await problem(response) == "content-type-wrong"

    async def test_parameters_of_the_content_type_do_not_matter(self, door: Door) -> None:
        headers = {"Content-Type": "Application/SDP; charset=utf-8"}
        assert (await door.publish(headers=headers)).status == 201

    @pytest.mark.parametrize("body", ["", "not sdp", '{"sdp":"v=0"}', "v=0\r\n"])
    async def test_a_malformed_offer_is_refused(self, door: Door, body: str) -> None:
        """4.2: 400."""
        response = await door.publish(body)
        assert response.status == 400
        assert await problem(response) in {"sdp-malformed", "media-missing"}

    async def test_bytes_that_are_no_text_are_refused(self, door: Door) -> None:
        response = await door.client.post(
            f"/whip/{LESSON}", data=b"v=0\r\n\xff\xfe", headers={**SDP, **door.bearer()}
        )
        assert response.status == 400
        assert await problem(response) == "sdp-not-text"

    @pytest.mark.parametrize("direction", ["recvonly", "inactive"])
    async def test_a_publisher_must_send(self, door: Door, direction: str) -> None:
        """4.2: recvonly and inactive must not be used."""
        response = await door.publish(CHROME.replace("a=sendonly", f"a={direction}"))
        assert response.status == 400
        assert await problem(response) == "direction-wrong"

    async def test_sendrecv_is_answered_recvonly(self, door: Door) -> None:
        """4.2: sendrecv may be offered, the answer is recvonly."""
        response = await door.publish(CHROME.replace("a=sendonly", "a=sendrecv"))
        assert response.status == 201
        assert "a=sendrecv" not in await response.text()

    async def test_the_answer_is_ice_lite_and_complete(self, door: Door) -> None:
        """4.3: all candidates are in the answer; ICE-lite is allowed for servers."""
        session, *media = sections(await (await door.publish()).text())
        assert "a=ice-lite" in session
        for lines in media:
            assert values(lines, "candidate") == ["1 1 udp 2130706431 198.51.100.1 40000 typ host"]
            assert "a=end-of-candidates" in lines

    async def test_the_server_is_the_passive_end_of_dtls(self, door: Door) -> None:
        """4.4.4: actpass or active is offered, passive is the answer."""
        for offer in (CHROME, CHROME.replace("setup:actpass", "setup:active")):
            text = await (await door.publish(offer)).text()
            assert text.count("a=setup:passive") == 2
        response = await door.publish(CHROME.replace("setup:actpass", "setup:passive"))
        assert response.status == 422
        assert await problem(response) == "setup-unusable"

    async def test_everything_is_bundled_and_multiplexed(self, door: Door) -> None:
        """4.4.1: BUNDLE and rtcp-mux are mandatory."""
        session, *media = sections(await (await door.publish()).text())
        assert values(session, "group") == ["BUNDLE 0 1"]
        assert all("a=rtcp-mux" in lines for lines in media)
        for offer, code in (
            (CHROME.replace("a=rtcp-mux\r\n", ""), "rtcp-mux-missing"),
            (CHROME.replace("a=group:BUNDLE 0 1\r\n", ""), "bundle-missing"),
        ):
            response = await door.publish(offer)
            assert (response.status, await problem(response)) == (422, code)

    async def test_two_tracks_of_a_kind_are_refused(self, door: Door) -> None:
        """4.4.2: at most one track of each kind; more are refused."""
        response = await door.publish(recorded("chrome_watch").replace("recvonly", "sendonly"))
        assert response.status == 422
        assert await problem(response) in {"too-many-media", "track-unnamed"}

    async def test_no_m_line_is_rejected_alone(self, door: Door) -> None:
        """4.4.3: no partially successful answers."""
        unknown_video = CHROME.replace("VP8/90000", "VP8X/90000").replace("H264/", "H26X/")
        response = await door.publish(unknown_video)
        assert (response.status, await problem(response)) == (422, "no-common-codec")
        data = with_lines(
            CHROME.replace("BUNDLE 0 1", "BUNDLE 0 1 2"),
            "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
            "a=mid:2",
            "a=fingerprint:sha-256 " + ":".join(["AB"] * 32),
        )
        response = await door.publish(data)
        assert (response.status, await problem(response)) == (422, "media-unsupported")
        assert len(door.signaling.sessions) == 0

    async def test_one_medium_is_enough(self, door: Door) -> None:
        for kind in ("audio", "video"):
            assert (await door.publish(only(CHROME, kind))).status == 201

    async def test_a_body_over_the_limit_is_refused(self, door: Door) -> None:
        """5: 413; told by its length, or counted when it does not say."""
        offer = with_lines(CHROME, *["a=candidate:1 1 udp 1 10.0.0.1 9 typ host"] * 6500)
        response = await door.publish(offer)
        assert (response.status, await problem(response)) == (413, "body-too-large")

        async def chunks() -> Any:
            for _ in range(40):
                yield b"x" * 10_000

        response = await door.client.post(
            f"/whip/{LESSON}", data=chunks(), headers={**SDP, **door.bearer()}
        )
        assert (response.status, await problem(response)) == (413, "body-too-large")

    async def test_high_load_is_503_with_retry_after(self, door: Door) -> None:
        """4.5: 503, Retry-After."""
        door.rooms.close(LESSON)
        door.rooms.limits = RoomLimits(publications=0)
        door.rooms.open(LESSON, live=True)
        response = await door.publish()
        assert (response.status, await problem(response)) == (503, "limit-reached")
        assert int(response.headers["Retry-After"]) > 0


class TestOtherMethodsOfTheEndpoint:
    async def test_get_is_2xx_without_content(self, door: Door) -> None:
        """4.1: GET has a 2xx answer with no content."""
        response = await door.client.get(f"/whip/{LESSON}", headers=door.bearer())
        assert response.status == 204
        assert await response.read() == b""

    async def test_head_is_2xx(self, door: Door) -> None:
        assert (await door.client.head(f"/whip/{LESSON}", headers=door.bearer())).status == 204

    async def test_options_says_what_may_be_posted(self, door: Door) -> None:
        """4.2: OPTIONS is 200 with Accept-Post: application/sdp."""
        response = await door.client.options(f"/whip/{LESSON}")
        assert response.status == 200
        assert response.headers["Accept-Post"] == "application/sdp"

    @pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE"])
    async def test_other_methods_are_405(self, door: Door, method: str) -> None:
        response = await door.client.request(method, f"/whip/{LESSON}", headers=door.bearer())
        assert response.status == 405
        assert "POST" in response.headers["Allow"]
        assert await problem(response) == "method-not-allowed"


class TestCors:
    """4.2 and Fetch: browsers of any origin may publish."""

    async def test_a_preflight_needs_no_token(self, door: Door) -> None:
        response = await door.client.options(f"/whip/{LESSON}", headers=PREFLIGHT)
        assert response.status == 200
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        assert "POST" in response.headers["Access-Control-Allow-Methods"]
        for name in ("Authorization", "Content-Type", "If-Match"):
            assert name in response.headers["Access-Control-Allow-Headers"]
        assert "PATCH" in response.headers["Access-Control-Allow-Methods"]

    async def test_scripts_may_read_location_etag_and_link(self, door: Door) -> None:
        response = await door.publish(headers={"Origin": "https://studio.example"})
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        for name in ("Location", "ETag", "Link", "Retry-After"):
            assert name in response.headers["Access-Control-Expose-Headers"]

    async def test_refusals_can_be_read_too(self, door: Door) -> None:
        response = await door.client.post(
            f"/whip/{LESSON}", headers={"Origin": "https://x.example"}
        )
        assert response.status == 401
        assert response.headers["Access-Control-Allow-Origin"] == "*"

    async def test_origins_can_be_limited(
        self, open_doors: Callable[..., Any], rooms: Rooms
    ) -> None:
        rooms.open(LESSON, live=True)
        door: Door = await open_doors(SignalingSettings(cors_origins=("https://ours.example",)))
        ours = await door.publish(headers={"Origin": "https://ours.example"})
        assert ours.headers["Access-Control-Allow-Origin"] == "https://ours.example"
        other = await door.publish(headers={"Origin": "https://other.example"})
        assert "Access-Control-Allow-Origin" not in other.headers
        assert other.headers["Vary"] == "Origin"


class TestIceServers:
    SETTINGS = SignalingSettings(
        ice_servers=IceServers(
            ("stun:stun.example.tj", "turns:turn.example.tj?transport=tcp"), secret="s3cret"
        )
    )

    @pytest.fixture
    async def door(self, open_doors: Callable[..., Any], rooms: Rooms) -> Door:
        rooms.open(LESSON, live=True)
        opened: Door = await open_doors(self.SETTINGS)
        return opened

    async def test_the_201_links_to_them(self, door: Door) -> None:
        """4.6: Link rel=ice-server with credentials for TURN."""
        stun, turn = (await door.publish()).headers.getall("Link")
        assert stun == '<stun:stun.example.tj>; rel="ice-server"'
        assert turn.startswith('<turns:turn.example.tj?transport=tcp>; rel="ice-server"; username=')
        assert 'credential-type="password"' in turn

    async def test_a_preflight_gives_no_credentials(self, door: Door) -> None:
        """4.6: nothing in the answer to a preflight."""
        for headers in (PREFLIGHT, {**PREFLIGHT, **door.bearer()}, {}):
            response = await door.client.options(f"/whip/{LESSON}", headers=headers)
            assert "Link" not in response.headers

    async def test_options_with_a_token_gives_them(self, door: Door) -> None:
        """4.6: a client that needs TURN before it can offer may ask."""
        response = await door.client.options(f"/whip/{LESSON}", headers=door.bearer())
        assert len(response.headers.getall("Link")) == 2

    async def test_a_refusal_gives_no_credentials(self, door: Door) -> None:
        assert "Link" not in (await door.publish("nonsense")).headers


class TestTrickle:
    """4.3.2: PATCH application/trickle-ice-sdpfrag."""

    async def test_candidates_are_204_without_etag(self, door: Door) -> None:
        made = await door.publish()
        response = await door.patch(
            made.headers["Location"], fragment(CHROME), made.headers["ETag"]
        )
        assert response.status == 204
        assert "ETag" not in response.headers
        assert await response.read() == b""

    async def test_without_if_match_428(self, door: Door) -> None:
        made = await door.publish()
        response = await door.patch(made.headers["Location"], fragment(CHROME), None)
        assert (response.status, await problem(response)) == (428, "etag-missing")

    @pytest.mark.parametrize("tag", ['"another"', "W/{}", "another", '""', ""])
    async def test_another_etag_is_412(self, door: Door, tag: str) -> None:
        """RFC 9110, 13.1.1: If-Match compares strongly, so a weak tag never matches."""
        made = await door.publish()
        tag = tag.format(made.headers["ETag"])
        response = await door.patch(made.headers["Location"], fragment(CHROME), tag)
        assert (response.status, await problem(response)) == (412, "etag-stale")

    async def test_one_of_several_etags_is_enough(self, door: Door) -> None:
        made = await door.publish()
        tags = f'"another", {made.headers["ETag"]}'
        response = await door.patch(made.headers["Location"], fragment(CHROME), tags)
        assert response.status == 204

    @pytest.mark.parametrize(
        "candidate",
        [
            "a=candidate:1 1 tcp 1 192.0.2.1 9 typ host tcptype active",
            "a=candidate:1 1 udp 1 0f9f3d7e.local 9 typ host",
            "a=candidate:1 1 udp 1 169.254.169.254 80 typ host",
            "a=candidate:unknown things of the future",
            "a=end-of-candidates",
        ],
    )
    async def test_candidates_we_cannot_use_are_silently_discarded(
        self, door: Door, candidate: str
    ) -> None:
        made = await door.publish()
        body = fragment(CHROME) + candidate + "\r\n"
        tag = made.headers["ETag"]
        assert (await door.patch(made.headers["Location"], body, tag)).status == 204

    async def test_another_content_type_is_415(self, door: Door) -> None:
        made = await door.publish()
        response = await door.patch(
            made.headers["Location"], CHROME, made.headers["ETag"], headers=SDP
        )
        assert response.status == 415
        assert response.headers["Accept-Patch"] == FRAGMENT["Content-Type"]
        assert await problem(response) == "content-type-wrong"

    @pytest.mark.parametrize("body", ["", "nonsense", "a=ice-ufrag:abcd\r\n"])
    async def test_a_malformed_fragment_is_400(self, door: Door, body: str) -> None:
        made = await door.publish()
        response = await door.patch(made.headers["Location"], body, made.headers["ETag"])
        assert response.status == 400
        assert await problem(response) in {"ice-missing", "sdp-malformed"}

    async def test_a_fragment_over_the_limit_is_413(self, door: Door) -> None:
        made = await door.publish()
        body = fragment(CHROME) + "a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n" * 3000
        response = await door.patch(made.headers["Location"], body, made.headers["ETag"])
        assert (response.status, await problem(response)) == (413, "body-too-large")


class TestIceRestart:
    """4.3.3: PATCH with new credentials and If-Match: *."""

    @pytest.mark.parametrize("anything", ["*", '"*"'])
    async def test_200_with_new_credentials_candidates_and_etag(
        self, door: Door, anything: str
    ) -> None:
        made = await door.publish()
        old = sections(await made.text())[1]
        response = await door.patch(
            made.headers["Location"], fragment(CHROME, restart=True), anything
        )
        assert response.status == 200
        assert response.content_type == FRAGMENT["Content-Type"]
        assert response.headers["ETag"] not in ("", made.headers["ETag"])
        session, first = sections(await response.text())
        assert "a=ice-lite" in session
        assert "a=ice-options:trickle" in session
        assert values(first, "mid") == ["0"]
        assert values(first, "ice-ufrag") != values(old, "ice-ufrag")
        assert values(first, "ice-pwd") != values(old, "ice-pwd")
        assert values(first, "candidate") == values(old, "candidate")
        assert len(door.engine.named("transport_restart_ice")) == 1

    async def test_the_old_etag_is_stale_then(self, door: Door) -> None:
        made = await door.publish()
        url, old = made.headers["Location"], made.headers["ETag"]
        restarted = await door.patch(url, fragment(CHROME, restart=True), "*")
        assert (await door.patch(url, fragment(CHROME), old)).status == 412
        trickled = fragment(CHROME, restart=True)
        assert (await door.patch(url, trickled, restarted.headers["ETag"])).status == 204

    async def test_the_same_credentials_are_no_restart(self, door: Door) -> None:
        made = await door.publish()
        response = await door.patch(made.headers["Location"], fragment(CHROME), "*")
        assert response.status == 204
        assert not door.engine.named("transport_restart_ice")

    async def test_a_restart_that_cannot_be_served_keeps_the_session(self, door: Door) -> None:
        made = await door.publish()
        url, tag = made.headers["Location"], made.headers["ETag"]
        broken = fragment(CHROME, restart=True).replace("a=ice-pwd:", "a=ice-pwd:!")
        response = await door.patch(url, broken, "*")
        assert (response.status, await problem(response)) == (400, "ice-malformed")
        assert (await door.patch(url, fragment(CHROME), tag)).status == 204


class TestDelete:
    async def test_it_ends_the_session_at_once(self, door: Door) -> None:
        """4.2: DELETE frees everything and revokes consent."""
        made = await door.publish()
        response = await door.client.delete(made.headers["Location"], headers=door.bearer())
        assert response.status == 200
        assert len(door.signaling.sessions) == 0
        room = door.rooms.get(LESSON)
        assert room is not None
        assert not room.publications()

    async def test_etags_are_ignored(self, door: Door) -> None:
        """4.3.1: entity-tags are ignored where no ICE session is to be matched."""
        made = await door.publish()
        headers = {**door.bearer(), "If-Match": '"another"'}
        assert (await door.client.delete(made.headers["Location"], headers=headers)).status == 200

    async def test_a_session_that_has_ended_is_404(self, door: Door) -> None:
        made = await door.publish()
        url = made.headers["Location"]
        await door.client.delete(url, headers=door.bearer())
        for response in (
            await door.client.delete(url, headers=door.bearer()),
            await door.client.get(url, headers=door.bearer()),
            await door.patch(url, fragment(CHROME), "*"),
        ):
            assert (response.status, await problem(response)) == (404, "session-unknown")

    async def test_a_session_ends_by_itself_when_nobody_connects(self, door: Door) -> None:
        made = await door.publish()
        door.timers.advance(60)
        response = await door.client.get(made.headers["Location"], headers=door.bearer())
        assert response.status == 404


class TestOtherMethodsOfTheSession:
    async def test_get_is_2xx_without_content(self, door: Door) -> None:
        made = await door.publish()
        response = await door.client.get(made.headers["Location"], headers=door.bearer())
        assert response.status == 204
        assert response.headers["ETag"] == made.headers["ETag"]

    async def test_options_says_what_may_be_patched(self, door: Door) -> None:
        made = await door.publish()
        response = await door.client.options(made.headers["Location"], headers=PREFLIGHT)
        assert response.status == 200
        assert response.headers["Accept-Patch"] == FRAGMENT["Content-Type"]
        assert "DELETE" in response.headers["Access-Control-Allow-Methods"]

    @pytest.mark.parametrize("method", ["POST", "PUT"])
    async def test_other_methods_are_405(self, door: Door, method: str) -> None:
        made = await door.publish()
        response = await door.client.request(
            method, made.headers["Location"], headers=door.bearer()
        )
        assert (response.status, await problem(response)) == (405, "method-not-allowed")

    async def test_a_whip_session_is_not_a_whep_session(self, door: Door) -> None:
        made = await door.publish()
        url = made.headers["Location"].replace("/whip/", "/whep/")
        assert (await door.client.delete(url, headers=door.bearer())).status == 404


class TestAuthorization:
    """4.7: a bearer token in every request but preflights."""

    async def test_without_a_token_401_and_the_challenge(self, door: Door) -> None:
        for method in ("POST", "GET"):
            response = await door.client.request(method, f"/whip/{LESSON}", headers=SDP)
            assert (response.status, await problem(response)) == (401, "token-missing")
            assert response.headers["WWW-Authenticate"] == "Bearer"

    @pytest.mark.parametrize("method", ["PATCH", "DELETE", "GET"])
    async def test_sessions_want_it_as_well(self, door: Door, method: str) -> None:
        made = await door.publish()
        response = await door.client.request(method, made.headers["Location"], headers=FRAGMENT)
        assert (response.status, await problem(response)) == (401, "token-missing")
        assert len(door.signaling.sessions) == 1

    @pytest.mark.parametrize("value", ["Basic dXNlcjpwYXNz", "Bearer", "Bearer ", "bogus"])
    async def test_other_schemes_are_no_token(self, door: Door, value: str) -> None:
        response = await door.publish(headers={"Authorization": value})
        assert (response.status, await problem(response)) == (401, "token-missing")

    async def test_the_scheme_ignores_case(self, door: Door) -> None:
        headers = {"Authorization": f"bEARER {door.token()}"}
        assert (await door.publish(headers=headers)).status == 201

    async def test_an_expired_token_is_refused(self, door: Door) -> None:
        headers = door.bearer()
        door.now[0] += timedelta(hours=2)
        response = await door.publish(headers=headers)
        assert (response.status, await problem(response)) == (401, "token-expired")

    async def test_a_forged_token_is_refused(self, door: Door) -> None:
        headers = {"Authorization": f"Bearer {door.token()[:-3]}AAA"}
        response = await door.publish(headers=headers)
        assert (response.status, await problem(response)) == (401, "token-invalid")

    async def test_a_token_of_another_lesson_is_refused(self, door: Door) -> None:
        response = await door.publish(lesson="another-lesson")
        assert (response.status, await problem(response)) == (403, "token-elsewhere")

    @pytest.mark.parametrize(
        ("right", "entrance", "status"),
        [
            (Right.WATCH, "", 403),
            (Right.WATCH, "/screen", 403),
            (Right.WATCH, "/guest", 403),
            (Right.SPEAK, "", 403),
            (Right.SPEAK, "/screen", 403),
            (Right.SPEAK, "/guest", 201),
            (Right.PUBLISH, "", 201),
            (Right.PUBLISH, "/screen", 201),
            (Right.PUBLISH, "/guest", 201),
        ],
    )
    async def test_each_door_wants_its_right(
        self, door: Door, right: Right, entrance: str, status: int
    ) -> None:
        offer = only(CHROME, "video")
        response = await door.publish(offer, entrance, headers=door.bearer(right))
        assert response.status == status
        if status == 403:
            assert await problem(response) == "right-missing"

    async def test_a_grant_for_a_turn_opens_nothing_before_and_after_it(self, door: Door) -> None:
        room = door.rooms.get(LESSON)
        assert room is not None
        bearer = door.bearer(Right.SPEAK, turn="turn-1")
        offer = only(CHROME, "audio")
        refused = await door.publish(offer, "/guest", headers=bearer)
        assert (refused.status, await problem(refused)) == (403, "turn-over")
        room.set_turns(Turns(testing=frozenset({"turn-1"})))
        response = await door.publish(offer, "/guest", headers=bearer)
        assert response.status == 201
        session = response.headers["Location"]
        assert (await door.client.get(session, headers=bearer)).status == 204
        for other in (door.bearer(Right.SPEAK), door.bearer(Right.SPEAK, turn="turn-2")):
            stranger = await door.client.get(session, headers=other)
            assert (stranger.status, await problem(stranger)) == (403, "token-elsewhere")
        room.set_turns(Turns(on_air="turn-2"))
        gone = await door.client.get(session, headers=bearer)
        assert (gone.status, await problem(gone)) == (404, "session-unknown")
        again = await door.publish(offer, "/guest", headers=bearer)
        assert (again.status, await problem(again)) == (403, "turn-over")

    async def test_a_session_is_only_its_own_participants(self, door: Door) -> None:
        made = await door.publish()
        url = made.headers["Location"]
        for headers in (
            door.bearer(participant="teacher-2"),
            door.bearer(lesson="another-lesson"),
            door.bearer(Right.WATCH, participant="teacher-1"),
        ):
            response = await door.client.delete(url, headers=headers)
            assert (response.status, await problem(response)) == (403, "token-elsewhere")
        assert len(door.signaling.sessions) == 1

    async def test_a_later_token_of_the_same_participant_is_as_good(self, door: Door) -> None:
        made = await door.publish()
        door.now[0] += timedelta(minutes=50)
        response = await door.patch(made.headers["Location"], fragment(CHROME), "*")
        assert response.status == 204

    async def test_leaving_is_allowed_when_the_token_has_expired(self, door: Door) -> None:
        made = await door.publish()
        headers = door.bearer()
        door.now[0] += timedelta(hours=3)
        url = made.headers["Location"]
        assert (await door.client.get(url, headers=headers)).status == 401
        assert (await door.client.delete(url, headers=headers)).status == 200
