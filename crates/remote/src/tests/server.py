"""An S3-compatible server on loopback: moto, one request at a time, so that conditions hold.

Conditions are taken away where `careless` is the second argument. Prints its port; writes a line for each request, method and path, to the file that is named.
"""

import sys

from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server


class Quiet(WSGIRequestHandler):
    def log(self, *_):
        pass


served = DomainDispatcherApplication(create_backend_app)
log = open(sys.argv[1], "a", buffering=1)


def logged(environ, start_response):
    if "careless" in sys.argv[2:]:
        environ.pop("HTTP_IF_MATCH", None)
        environ.pop("HTTP_IF_NONE_MATCH", None)
    log.write(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}\n")
    return served(environ, start_response)


server = make_server("127.0.0.1", 0, logged, threaded=False, request_handler=Quiet)
print(server.port, flush=True)
server.serve_forever()
