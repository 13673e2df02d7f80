import { readFile } from 'node:fs/promises';
import * as root from '@thv/authz';
import * as node from '@thv/authz/node';
import { describe, expect, it, vi } from 'vitest';

describe('exports', () => {
  it('of the root entry', () => {
    expect(Object.keys(root).sort()).toMatchInlineSnapshot(`
      [
        "AuthzError",
        "buildCedarSchema",
        "checkPolicies",
        "createAuthorizer",
        "createCedar",
        "formatCedarSchema",
        "formatPolicyTests",
        "isAuthzError",
        "parseAuthzConfig",
        "parsePolicyTests",
        "positionAt",
        "runPolicyTests",
        "toFinding",
        "withPolicyTexts",
      ]
    `);
  });

  it('of the Node entry', () => {
    expect(Object.keys(node).sort()).toMatchInlineSnapshot(`
      [
        "checkPolicyFile",
        "createTokenReader",
        "loadAuthorizer",
        "loadAuthzConfig",
        "loadCedar",
        "runPolicyTestFile",
      ]
    `);
  });
});

describe('README', () => {
  it('shows code that compiles and runs', async () => {
    const read = (name: string): Promise<string> =>
      readFile(new URL(name, import.meta.url), 'utf8');
    const example = /\/\/ #region decide\n(.*)\/\/ #endregion/s.exec(
      await read('readme.examples.ts'),
    )?.[1];
    expect(/```ts\n(.*?)```/s.exec(await read('../README.md'))?.[1]?.trim()).toBe(example?.trim());
    const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
    const { decision } = await import('./readme.examples.ts');
    expect(decision.allowed).toBe(true);
    expect(log).toHaveBeenCalledWith(true, ['policy0']);
    log.mockRestore();
  });

  it('names every error code', async () => {
    const errors = await readFile(new URL('../src/errors.ts', import.meta.url), 'utf8');
    const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
    for (const [code] of errors.matchAll(/ERR_AUTHZ_[A-Z]+/g)) {
      expect(readme).toContain(code);
    }
  });
});

describe('errors', () => {
  it('are known across copies of the package', () => {
    const foreign = Object.defineProperty(new Error('x'), Symbol.for('@thv/authz.error'), {
      value: true,
    });
    expect(root.isAuthzError(foreign)).toBe(true);
    expect(root.isAuthzError(new Error('x'))).toBe(false);
    expect(root.isAuthzError({})).toBe(false);
    expect(
      new root.AuthzError('ERR_AUTHZ_FILE', 'p', { location: { line: 2, column: 3, policy: 'a' } })
        .message,
    ).toBe('line 2:3: a: p');
  });
});
