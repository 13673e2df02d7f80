/** Every policy and file in docs/policies.md loads, and means what the guide says. */
import { readFile } from 'node:fs/promises';
import { checkPolicies, createAuthorizer, parseAuthzConfig, parsePolicyTests } from '@thv/authz';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { authorizerOf, call, cedar, configOf } from './support/authorizer.ts';

const guide = await readFile(new URL('../../../docs/policies.md', import.meta.url), 'utf8');
const blocks = (language: string): string[] =>
  [...guide.matchAll(new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 'gs'))].map(
    ([, text = '']) => text,
  );

const readable = (text: string): string => text.split('\n')[0] ?? '';
const policies = blocks('cedar').map((text) => [readable(text), text] as const);
const files = blocks('yaml').map(
  (text) => [readable(text), parse(text) as Record<string, unknown>] as const,
);

describe('docs/policies.md', () => {
  it.each(policies)('has a policy without findings: %s', (_, text) => {
    const permit = 'permit(principal in THVGroup::"x", action, resource);';
    expect(checkPolicies(configOf([text, permit]), { cedar })).toEqual({ ok: true, findings: [] });
  });

  it('has files that load', () => {
    for (const [, file] of files) {
      if ('tests' in file) {
        expect(parsePolicyTests(file).tests).toHaveLength(4);
      } else if (JSON.stringify(file['cedar'] ?? {}).includes('policy_files')) {
        expect(parseAuthzConfig(file).type).toBe('cedarv1');
      } else {
        expect(createAuthorizer(file, { cedar }).version).toBe('1.0');
      }
    }
    expect(files.length).toBeGreaterThan(5);
  });

  it('is right about owners and groups', async () => {
    const file = files.find(([, { cedar: keys }]) =>
      JSON.stringify(keys ?? {}).includes('ToolGroup'),
    );
    const authorizer = createAuthorizer(file?.[1], { cedar });
    const alice = { identity: { subject: 'alice', claims: {} } };
    expect(await authorizer.authorize(call('invoices', {}, alice))).toMatchObject({
      allowed: true,
    });
    expect(await authorizer.authorize(call('invoices'))).toMatchObject({ allowed: false });
    const engineer = call('weather', {}, { claims: { groups: ['engineering'] } });
    expect(await authorizer.authorize(engineer)).toMatchObject({ allowed: true });
  });

  it('is right about the calculator', async () => {
    const authorizer = authorizerOf(policies.find(([, text]) => text.includes('calculator'))![1]);
    const ask = async (operation: unknown): Promise<boolean> =>
      (await authorizer.authorize(call('calculator', { operation }))).allowed;
    expect([await ask('add'), await ask('divide'), await ask(1)]).toEqual([true, false, false]);
  });

  it('names every finding', async () => {
    for (const name of ['lint', 'lint-scope', 'lint-condition', 'lint-numbers']) {
      const source = await readFile(new URL(`../src/${name}.ts`, import.meta.url), 'utf8');
      for (const [, code = ''] of source.matchAll(/'([a-z]+(?:-[a-z]+)+)'/g)) {
        if (!code.startsWith('if-') && !code.includes('lint')) {
          expect(guide, code).toContain(`\`${code}\``);
        }
      }
    }
  });
});
