"""Who renders, and how long they may take."""

from service.runtime.section import PositiveInt, Section


class Terms(Section, frozen=True, kw_only=True):
    """Who renders, and how long they may take."""

    worker_urls: str = "http://127.0.0.1:8020"
    """Base URLs of the workers, with commas between them; they must be alike, since any may go on with any render."""

    lease_s: PositiveInt = 90
    """Seconds after its last sign of life that a render may be taken over."""

    render_silence_s: PositiveInt = 60
    """Seconds without a byte from the worker after which a render has failed. Below `lease_s`, so that no render
    is taken over while it is still listened to."""

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        if self.render_silence_s >= self.lease_s:
            raise ValueError("SATSPEAK_RENDER_SILENCE_S must be less than SATSPEAK_LEASE_S")
        if not self.workers or not all(url.startswith(("http://", "https://")) for url in self.workers):
            raise ValueError("SATSPEAK_WORKER_URLS must be URLs that start with http:// or https://")

    @property
    def workers(self) -> tuple[str, ...]:
        """The base URL of each worker, once, without a slash at its end."""
        urls = (url.strip().rstrip("/") for url in self.worker_urls.split(","))
        return tuple(dict.fromkeys(url for url in urls if url))
