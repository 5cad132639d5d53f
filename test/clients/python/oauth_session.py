"""The official Python client signs in at a hub: sys.argv is the address. It prints where its person has to go, and reads where they were sent."""

import asyncio
import json
import sys
from urllib.parse import parse_qs, urlsplit

from mcp import ClientSession
from mcp.client.auth import OAuthClientProvider, TokenStorage
from mcp.client.streamable_http import streamablehttp_client
from mcp.shared.auth import OAuthClientInformationFull, OAuthClientMetadata, OAuthToken


class Storage(TokenStorage):
    tokens: OAuthToken | None = None
    client: OAuthClientInformationFull | None = None

    async def get_tokens(self) -> OAuthToken | None:
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self.client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self.client = client_info


async def go_to(url: str) -> None:
    print(json.dumps({"go_to": url}), flush=True)


async def came_back() -> tuple[str, str | None]:
    line = await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    query = parse_qs(urlsplit(line.strip()).query)
    return query["code"][0], query["state"][0]


async def main(url: str) -> None:
    storage = Storage()
    metadata = OAuthClientMetadata(client_name="Python client", redirect_uris=["http://127.0.0.1:3030/callback"])
    provider = OAuthClientProvider(url, metadata, storage, go_to, came_back)
    seen = {}
    async with streamablehttp_client(url, auth=provider) as (read, write, _):
        async with ClientSession(read, write) as session:
            seen["server"] = (await session.initialize()).serverInfo.name
            seen["tools"] = len((await session.list_tools()).tools)
            # It needs a scope that was not allowed, so the client asks once more.
            result = await session.call_tool("hub_list_integrations", {})
            seen["failed"] = result.isError
    seen["scope"] = storage.tokens.scope
    print(json.dumps(seen), flush=True)


asyncio.run(main(sys.argv[1]))
