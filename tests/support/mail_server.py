"""An SMTP server for tests: aiosmtpd, which stores what it takes in a Maildir.

usage: mail_server.py --maildir DIR [--port N] [--user U --password P] [--starttls | --smtps]
                      [--cert FILE --key FILE] [--full]
Prints "listening on PORT" when it is ready; --full answers that it has no room.
"""
import argparse
import asyncio
import ssl

from aiosmtpd.controller import UnthreadedController
from aiosmtpd.handlers import Mailbox
from aiosmtpd.smtp import AuthResult


class NoRoom:
    async def handle_DATA(self, server, session, envelope):
        return "452 4.3.1 insufficient system storage"


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--maildir", required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--user")
    parser.add_argument("--password")
    parser.add_argument("--starttls", action="store_true")
    parser.add_argument("--smtps", action="store_true")
    parser.add_argument("--cert")
    parser.add_argument("--key")
    parser.add_argument("--full", action="store_true")
    return parser.parse_args()


def main():
    args = arguments()
    context = None
    if args.cert:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(args.cert, args.key)

    def authenticate(server, session, envelope, mechanism, data):
        good = data.login == args.user.encode() and data.password == args.password.encode()
        return AuthResult(success=good, handled=False)

    options = {}
    if args.user:
        options = {
            "authenticator": authenticate,
            "auth_required": True,
            "auth_require_tls": args.starttls,
        }
    if args.starttls:
        options.update(tls_context=context, require_starttls=True)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    controller = UnthreadedController(
        NoRoom() if args.full else Mailbox(args.maildir),
        hostname="127.0.0.1",
        port=args.port,
        loop=loop,
        ssl_context=context if args.smtps else None,
        **options,
    )
    controller.begin()
    port = controller.server.sockets[0].getsockname()[1]
    print(f"listening on {port}", flush=True)
    loop.run_forever()


main()
