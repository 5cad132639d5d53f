"""LangChain's MCP adapter loads the tools of a hub and calls one: sys.argv is the address and the token."""

import asyncio
import json
import sys

from langchain_mcp_adapters.client import MultiServerMCPClient


async def main(url: str, token: str) -> None:
    client = MultiServerMCPClient(
        {"hub": {"transport": "streamable_http", "url": url, "headers": {"Authorization": f"Bearer {token}"}}}
    )
    tools = {tool.name: tool for tool in await client.get_tools()}
    answer = await tools["probe_get_thing"].ainvoke({"at": "/thing"})
    print(json.dumps({"tools": sorted(tools), "answer": str(answer)}))


asyncio.run(main(sys.argv[1], sys.argv[2]))
