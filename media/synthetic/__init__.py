"""A teacher made of arithmetic: slides, a presenter, a voice; for demo, tests and benches."""

from media.synthetic.camera import CameraPicture
from media.synthetic.files import FileError, FileTracks, file_tracks
from media.synthetic.slides import SlidesPicture
from media.synthetic.speech import Voice
from media.synthetic.tracks import CameraTrack, LessonClock, SlidesTrack, VoiceTrack

__all__ = [
    "CameraPicture",
    "CameraTrack",
    "FileError",
    "FileTracks",
    "LessonClock",
    "SlidesPicture",
    "SlidesTrack",
    "Voice",
    "VoiceTrack",
    "file_tracks",
]
