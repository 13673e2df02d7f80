/** The packages as an embedder gets them: without the source condition these are the built files. */
import { fileURLToPath } from 'node:url';
import { loadAuthorizer } from '@thv/authz/node';
import * as oidc from '@thv/oidc';
import * as proxy from '@thv/proxy';
import type { Library } from './door.ts';

const POLICIES = fileURLToPath(new URL('../e2e/data/authz-basic.json', import.meta.url));

export async function loadLibrary(): Promise<Library> {
  return { oidc, proxy, authorizer: await loadAuthorizer(POLICIES, { serverName: 'runtime' }) };
}

/** Where the packages were loaded from, for the first line of a host. */
export function describeLibrary(): string {
  const found = ['@thv/oidc', '@thv/proxy'].map((name) => import.meta.resolve(name));
  return found.every((url) => url.endsWith('/dist/index.js')) ? 'built' : found.join(' ');
}
