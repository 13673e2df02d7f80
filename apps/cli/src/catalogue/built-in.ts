/**
 * The catalogue that thv brings: real servers, and what each needs to be started. Data in the form
 * that `parse-catalogue.ts` reads; `package` is what one would write as SERVER.
 */
import type { Catalogue } from './catalogue.ts';
import { readCatalogue } from './parse-catalogue.ts';

const SERVERS = {
  arxiv: {
    description: 'Searches arXiv and reads its papers',
    package: 'uvx://arxiv-mcp-server',
  },
  'aws-documentation': {
    description: 'Searches and reads the documentation of AWS',
    package: 'uvx://awslabs.aws-documentation-mcp-server',
  },
  azure: {
    description: 'Azure services, as the signed-in user of this machine',
    package: 'npx://@azure/mcp',
    args: ['server', 'start'],
  },
  'brave-search': {
    description: 'Web search with Brave',
    package: 'npx://@brave/brave-search-mcp-server',
    env_vars: [key('BRAVE_API_KEY', 'API key of Brave Search')],
  },
  'chrome-devtools': {
    description: 'Drives and inspects a Chrome browser',
    package: 'npx://chrome-devtools-mcp',
  },
  context7: {
    description: 'Current documentation of libraries',
    package: 'npx://@upstash/context7-mcp',
    env_vars: [optionalKey('CONTEXT7_API_KEY', 'API key, for higher limits')],
  },
  everything: {
    description: 'Shows every feature of the protocol; for trying things out',
    package: 'npx://@modelcontextprotocol/server-everything',
  },
  exa: {
    description: 'Web search with Exa',
    package: 'npx://exa-mcp-server',
    env_vars: [key('EXA_API_KEY', 'API key of Exa')],
  },
  fetch: {
    description: 'Fetches web pages as Markdown',
    package: 'uvx://mcp-server-fetch',
    tools: ['fetch'],
  },
  filesystem: {
    description: 'Reads and writes files; name the folders after --',
    package: 'npx://@modelcontextprotocol/server-filesystem',
  },
  firecrawl: {
    description: 'Crawls and reads web sites with Firecrawl',
    package: 'npx://firecrawl-mcp',
    env_vars: [key('FIRECRAWL_API_KEY', 'API key of Firecrawl')],
  },
  git: {
    description: 'Reads and changes git repositories',
    package: 'uvx://mcp-server-git',
  },
  github: {
    description: 'Repositories, issues and pull requests on GitHub, in a container',
    image: 'ghcr.io/github/github-mcp-server:latest',
    env_vars: [key('GITHUB_PERSONAL_ACCESS_TOKEN', 'personal access token of GitHub')],
    permissions: { network: { outbound: { insecure_allow_all: true } } },
  },
  kubernetes: {
    description: 'Kubernetes clusters of the current kubeconfig',
    package: 'npx://kubernetes-mcp-server',
    env_vars: [{ name: 'KUBECONFIG', description: 'path of the kubeconfig file' }],
  },
  memory: {
    description: 'A knowledge graph that outlives a conversation',
    package: 'npx://@modelcontextprotocol/server-memory',
    env_vars: [{ name: 'MEMORY_FILE_PATH', description: 'file that holds the graph' }],
  },
  mongodb: {
    description: 'MongoDB databases and Atlas',
    package: 'npx://mongodb-mcp-server',
    env_vars: [optionalKey('MDB_MCP_CONNECTION_STRING', 'connection string of the database')],
  },
  notion: {
    description: 'Pages and databases of Notion',
    package: 'npx://@notionhq/notion-mcp-server',
    env_vars: [key('NOTION_TOKEN', 'token of a Notion integration')],
  },
  playwright: {
    description: 'Drives a browser with Playwright',
    package: 'npx://@playwright/mcp',
  },
  sentry: {
    description: 'Issues and errors in Sentry',
    package: 'npx://@sentry/mcp-server',
    env_vars: [key('SENTRY_ACCESS_TOKEN', 'user auth token of Sentry')],
  },
  'sequential-thinking': {
    description: 'Works problems out in steps',
    package: 'npx://@modelcontextprotocol/server-sequential-thinking',
  },
  supabase: {
    description: 'Projects and databases of Supabase',
    package: 'npx://@supabase/mcp-server-supabase',
    env_vars: [key('SUPABASE_ACCESS_TOKEN', 'personal access token of Supabase')],
  },
  tavily: {
    description: 'Web search with Tavily',
    package: 'npx://tavily-mcp',
    env_vars: [key('TAVILY_API_KEY', 'API key of Tavily')],
  },
  time: {
    description: 'The time, and conversions between time zones',
    package: 'uvx://mcp-server-time',
    tools: ['convert_time', 'get_current_time'],
  },
} as const;

const REMOTE_SERVERS = {
  'cloudflare-docs': remote('Documentation of Cloudflare', 'https://docs.mcp.cloudflare.com/mcp'),
  deepwiki: remote('Questions about public GitHub repositories', 'https://mcp.deepwiki.com/mcp'),
  huggingface: remote('Models, data sets and papers', 'https://huggingface.co/mcp'),
  'microsoft-learn': remote('Documentation of Microsoft', 'https://learn.microsoft.com/api/mcp'),
} as const;

export function loadBuiltInCatalogue(): Catalogue {
  return readCatalogue(
    { servers: SERVERS, remote_servers: REMOTE_SERVERS },
    'the built-in catalogue',
  );
}

function key(name: string, description: string) {
  return { name, description, required: true, secret: true };
}

function optionalKey(name: string, description: string) {
  return { name, description, required: false, secret: true };
}

function remote(description: string, url: string) {
  return { description, url, transport: 'streamable-http' };
}
