/** Writes docs/cli.md: `npx -y pnpm@12 docs:cli`. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { renderCliReference } from './cli-reference.ts';

writeFileSync(fileURLToPath(new URL('../../docs/cli.md', import.meta.url)), renderCliReference());
