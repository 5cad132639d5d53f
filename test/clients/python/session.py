"""A whole session of the official Python client with a hub: sys.argv is the address and the token."""

import asyncio
import json
import sys

from mcp import ClientSession
from mcp.client.streamable_http import streamablehttp_client


async def main(url: str, token: str) -> None:
    seen = {}
    async with streamablehttp_client(url, headers={"Authorization": f"Bearer {token}"}) as (read, write, _):
        async with ClientSession(read, write) as session:
            initialized = await session.initialize()
            seen["server"] = initialized.serverInfo.name
            tools = (await session.list_tools()).tools
            seen["tools"] = [tool.name for tool in tools]
            result = await session.call_tool("probe_get_thing", {"at": "/thing"})
            seen["result"] = result.structuredContent
            wrong = await session.call_tool("probe_get_thing", {"at": 5})
            seen["wrong"] = [wrong.isError, wrong.content[0].text]
            seen["resources"] = [str(resource.uri) for resource in (await session.list_resources()).resources]
            contents = (await session.read_resource("hub://integrations/probe")).contents
            seen["integration"] = json.loads(contents[0].text)["name"]
            seen["prompts"] = [prompt.name for prompt in (await session.list_prompts()).prompts]
    print(json.dumps(seen))


asyncio.run(main(sys.argv[1], sys.argv[2]))
