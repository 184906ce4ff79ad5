"""A publisher of official downloads, on loopback."""

import hashlib
import http.server
import io
import tarfile
import threading

from sandbox.tools.releases import Release


class Publisher:
    """A server on loopback that publishes `files` by path and records the requests."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.requests: list[str] = []
        publisher = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                publisher.requests.append(self.path)
                body = publisher.files.get(self.path)
                self.send_response(404 if body is None else 200)
                self.end_headers()
                self.wfile.write(body or b"")

            def log_message(self, format: str, *args: object) -> None:
                del format, args

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def archive(self, member: str, text: str) -> Release:
        """Publishes an archive with one program, and its checksum among others. That checksum is pinned."""
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz") as archive:
            info = tarfile.TarInfo(member)
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text.encode()))
        self.files["/tool.tar.gz"] = packed.getvalue()
        digest = hashlib.sha256(packed.getvalue()).hexdigest()
        self.files["/sums"] = f"{'0' * 64}  other.tar.gz\n{digest}  tool.tar.gz\n".encode()
        return Release(f"{self.url}/tool.tar.gz", digest, f"{self.url}/sums", member)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
