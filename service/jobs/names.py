"""What the objects of a job are called. Pure."""

BACKGROUNDS = "backgrounds/"
"""How the names of pictures and films begin that stand behind people."""


def pieces_folder(job_id: int) -> str:
    """Where the pieces of a video are until it is whole."""
    return f"pieces/{job_id}/"


def finished_folder(job_id: int) -> str:
    """Where the other kinds of files of a whole video are."""
    return f"finished/{job_id}/"


def background_name(digest: str) -> str:
    """What the object of a picture or film behind people is called, by its SHA-256."""
    return f"{BACKGROUNDS}{digest}"


def video_name(job_id: int) -> str:
    """What the object of a whole video is called."""
    return f"videos/{job_id}.mp4"
