import { describe, expect, it } from 'vitest';
import { runThv } from './spawn-thv.ts';
import { useTempFolder } from './temp-folder.ts';

const HEAVY =
  /keyring|cedar|jose|undici|hono|oidc-provider|\/yaml\/|\/(?:oidc|authz|proxy|compose)\/src\//;
const folder = useTempFolder({
  'trace.mjs': `import { registerHooks } from 'node:module';
const seen = new Set();
registerHooks({
  resolve(name, context, next) {
    const found = next(name, context);
    seen.add(found.url);
    return found;
  },
});
process.on('exit', () => process.stderr.write([...seen].join('\\n')));
`,
});

describe('what a command does not need is not loaded', () => {
  it.each(['version', 'list', 'stop --all', '--help', 'run --help'])(
    'thv %s loads neither policies nor tokens nor the proxy',
    async (command) => {
      const nodeArgs = ['--conditions=@thv/source', '--import', `${folder.path}/trace.mjs`];
      const env = { XDG_STATE_HOME: folder.path };
      const { code, err } = await runThv(command.split(' '), { nodeArgs, env });
      expect(code, err).toBe(0);
      expect(err).toMatch(/\/src\/program\.ts$/m);
      expect(err.split('\n').filter((url) => HEAVY.test(url))).toEqual([]);
    },
  );
});
