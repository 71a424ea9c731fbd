"""Listening: an application on a port, and the URL where it is found."""

from __future__ import annotations

from contextlib import AsyncExitStack

from aiohttp import web

from reference_gateway.errors import UsageError


async def listen(stack: AsyncExitStack, runner: web.AppRunner, host: str, port: int) -> str:
    """The URL of the application, which is served until the stack is left."""
    stack.push_async_callback(runner.cleanup)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        raise UsageError(f"cannot listen on {host}:{port}: {error.strerror}") from error
    return url_of(runner.addresses[0])


def url_of(address: tuple[str, int] | tuple[str, int, int, int]) -> str:
    """The URL of a socket address."""
    host, port = address[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
