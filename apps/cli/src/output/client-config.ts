/** What MCP clients read from their configuration file. Pure. */

export function clientConfig(servers: readonly (readonly [name: string, url: string])[]) {
  return {
    mcpServers: Object.fromEntries(servers.map(([name, url]) => [name, { type: 'http', url }])),
  };
}
